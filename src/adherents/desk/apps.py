from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class DeskConfig(AppConfig):
    name = "adherents.desk"
    label = "desk"

    def ready(self) -> None:
        autodiscover_modules("panels")
