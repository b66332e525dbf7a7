"""Where a backup or an export may be written: never among the data, and never beside the key."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages


class BadPlace(Exception):
    """Nothing may be written there. The words say why."""


def make_place(folder: Path) -> None:
    """Make the folder unless it is there; only the service's account reads it. Raises `BadPlace`."""
    place = folder.resolve()
    key_file: Path | None = settings.ADHERENTS_KEY_FILE
    if key_file is not None and key_file.resolve().is_relative_to(place):
        raise BadPlace(f"{folder} holds the master key: what is beside its key is open to whoever takes both")
    for data in _data_folders():
        if place.is_relative_to(data):
            raise BadPlace(f"{folder} is inside {data}, the portal's own data: choose another place")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        next(folder.iterdir(), None)
    except OSError as error:
        raise BadPlace(f"{folder} cannot be made or read: {error.strerror}") from error


def _data_folders() -> Iterator[Path]:
    yield Path(settings.DATA_DIR).resolve()
    storage = storages["documents"]
    if isinstance(storage, FileSystemStorage):
        yield Path(storage.base_location).resolve()
