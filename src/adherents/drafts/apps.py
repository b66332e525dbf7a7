from django.apps import AppConfig


class DraftsConfig(AppConfig):
    name = "adherents.drafts"
    label = "drafts"

    def ready(self) -> None:
        from adherents.drafts import ending  # noqa: F401
