from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "adherents.journal"
    label = "journal"
