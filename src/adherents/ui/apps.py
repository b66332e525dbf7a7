from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "adherents.ui"
    label = "ui"
