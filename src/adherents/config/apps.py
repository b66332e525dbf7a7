from django.apps import AppConfig


class Configuration(AppConfig):
    name = "adherents.config"
    label = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from adherents.config import checks, engines  # noqa: F401

        engines.register_all()
