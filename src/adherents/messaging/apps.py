from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "adherents.messaging"
    label = "messaging"

    def ready(self) -> None:
        from adherents.messaging.services import tallying  # noqa: F401
