from django.apps import AppConfig


class InsurerConfig(AppConfig):
    name = "adherents.insurer"
    label = "insurer"
