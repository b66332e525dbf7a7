"""The setting of the exchange folder, and what `adherents check` says of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from adherents.config.environment import WrongSetting, text


def exchange_folder() -> Path | None:
    """The folder that `adherents watch_folder` watches when it is told none; None: there is none."""
    given = text("FOLDER")
    if given and not given.startswith(("/", "~")):
        raise WrongSetting("ADHERENTS_FOLDER should be a whole path, like /srv/espace-adherents")
    return Path(given).expanduser() if given else None


@register()
def folder(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """A folder in which others write must not lead to what the portal alone may touch."""
    path: Path | None = settings.ADHERENTS_FOLDER
    if path is None:
        return []
    from adherents.folder.faults import errors_in, unready_in, warnings_in

    errors = [Error(what, hint=hint, id="adherents.E012") for what, hint in errors_in(path)]
    remarks = (*unready_in(path), *warnings_in(path))
    return [*errors, *(Warning(what, hint=hint, id="adherents.W015") for what, hint in remarks)]
