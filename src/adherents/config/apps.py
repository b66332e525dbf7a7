from django.apps import AppConfig


class Configuration(AppConfig):
    name = "adherents.config"
    label = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from django.conf import settings

        from adherents.config import checks, engines, exchange_folder, readings  # noqa: F401
        from adherents.inspection.rasteriser.process import use_service

        engines.register_all()
        use_service(settings.ADHERENTS_DRAWING_SERVICE)
