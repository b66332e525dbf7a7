from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "adherents.members"
    label = "members"
