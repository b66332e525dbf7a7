from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "adherents.accounts"
    label = "accounts"
