from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CryptoConfig(AppConfig):
    name = "adherents.crypto"
    label = "crypto"

    def ready(self) -> None:
        autodiscover_modules("rotation")
