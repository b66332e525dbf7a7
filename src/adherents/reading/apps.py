from django.apps import AppConfig


class ReadingConfig(AppConfig):
    name = "adherents.reading"
    label = "reading"
