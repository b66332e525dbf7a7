from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "adherents.notes"
    label = "notes"
