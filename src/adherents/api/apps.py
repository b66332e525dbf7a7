from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "adherents.api"
    label = "api"
