from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "adherents.vault"
    label = "vault"
