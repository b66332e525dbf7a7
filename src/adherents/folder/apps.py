from django.apps import AppConfig


class FolderConfig(AppConfig):
    name = "adherents.folder"
    label = "folder"
