from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "adherents.messaging"
    label = "messaging"
