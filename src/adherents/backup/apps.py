from django.apps import AppConfig


class BackupConfig(AppConfig):
    name = "adherents.backup"
    label = "backup"
