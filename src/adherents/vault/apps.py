from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class VaultConfig(AppConfig):
    name = "adherents.vault"
    label = "vault"

    def ready(self) -> None:
        autodiscover_modules("replies", "belongings", "sections")
