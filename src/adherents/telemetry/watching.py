"""What a process that serves or works begins with, so that it can be watched."""

from importlib.metadata import version

from django.conf import settings

from adherents.telemetry import exposition, metrics, tracing


def release() -> str:
    """The version of what is installed."""
    return version("espace-adherents")


def begin(*, stays: bool = True) -> None:
    """Counts from 0, traces where they are wanted and, for a process that stays, the listener for figures where one is set."""
    metrics.begin()
    tracing.begin(settings.ADHERENTS_OTLP_URL, version=release())
    if stays and settings.ADHERENTS_METRICS_BIND is not None:
        exposition.listen(settings.ADHERENTS_METRICS_BIND, token=settings.ADHERENTS_METRICS_TOKEN)
