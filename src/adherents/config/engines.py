"""What the portal stands on, and how each part is asked whether it does its work (`telemetry.engines`).

In the order in which machines read it. The first three are vital: without one of them nothing can be served.
"""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from adherents.accounts import limits
from adherents.database import reader
from adherents.inspection import antivirus
from adherents.mail.selectors import relay_refuses
from adherents.storage import objects
from adherents.telemetry.engines import DoesNotWork, Engine, register
from adherents.telemetry.outages import Part
from adherents.work.selectors import lane_states


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _reader() -> None:
    if why := reader.why_never_asked():
        raise DoesNotWork(why)


def _migrations() -> None:
    """Rows of a later version are no fault: it is being rolled out."""
    missing = _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        raise DoesNotWork(f"{len(missing)} not applied: adherents migrate")


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _disk() -> None:
    """Room on the disk of the data folder, and on that of the documents where they are in a folder."""
    objects.need_room(Path(settings.DATA_DIR))
    documents = storages["documents"]
    if isinstance(documents, FileSystemStorage):
        objects.need_room(Path(documents.base_location))


def _has_cache() -> bool:
    return bool(settings.ADHERENTS_CACHE_URL)


def _worker() -> None:
    if idle := [state.lane for state in lane_states() if not state.is_alive]:
        raise DoesNotWork(f"no worker does the work of {', '.join(idle)}")


def _mail() -> None:
    if why := relay_refuses():
        raise DoesNotWork(f"no mail leaves: {why}")


def register_all() -> None:
    for engine in (
        Engine(Part.DATABASE.value, _database, vital=True),
        Engine("migrations", _migrations, vital=True, of_rows=True),
        Engine("disk", _disk, vital=True),
        Engine(Part.READER.value, _reader, is_set=reader.is_set),
        Engine(Part.STORAGE.value, objects.probe),
        Engine(Part.CACHE.value, limits.ask_cache, is_set=_has_cache),
        Engine(Part.ANTIVIRUS.value, antivirus.ask, is_set=antivirus.is_set),
        Engine("worker", _worker, of_rows=True),
        Engine(Part.MAIL.value, _mail, of_rows=True),
    ):
        register(engine)
