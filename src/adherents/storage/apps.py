from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "adherents.storage"
    label = "storage"
