from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "adherents.casework"
    label = "casework"

    def ready(self) -> None:
        from adherents.casework.services import releasing, tallying  # noqa: F401
