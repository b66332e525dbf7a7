from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "adherents.casework"
    label = "casework"
