"""A database with its tables and nothing in them, which the processes of a run make once: migrations take seconds each time."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

MIB = 1024 * 1024


def place(factory: pytest.TempPathFactory) -> Path:
    """Where this run keeps it, for all of its processes."""
    here = factory.getbasetemp()
    return (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "empty.sqlite3"


def kept_for_all(empty: Path, make: Callable[[], object]) -> bool:
    """The first process makes the tables in Django's database (SQLite) and keeps a copy in `empty`: True in that one."""
    from django.db import connection

    with empty.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if empty.exists():
            return False
        make()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(empty)])
        return True


@contextmanager
def made_once(empty: Path) -> Iterator[None]:
    """In the block, the tests' own database in memory is filled from the copy, where there is one, instead of by migrations."""
    from django.core.management.commands.migrate import Command
    from django.db.backends.sqlite3.creation import DatabaseCreation

    migrate, create = Command.handle, DatabaseCreation.create_test_db

    def filled(command: Command, *args: Any, **options: Any) -> None:
        if not kept_for_all(empty, lambda: migrate(command, *args, **options)):
            _fill_from(empty)

    def created(creation: DatabaseCreation, *args: Any, **options: Any) -> str:
        with mock.patch.object(Command, "handle", filled):
            return create(creation, *args, **options)

    with mock.patch.object(DatabaseCreation, "create_test_db", created):
        yield


def _fill_from(empty: Path) -> None:
    from django.db import connection

    connection.ensure_connection()
    with closing(sqlite3.connect(empty)) as kept:
        kept.backup(connection.connection)


@contextmanager
def in_a_file() -> Iterator[None]:
    """In the block, the tests' own SQLite database will be a file, as a portal's is: in the machine's memory where there is room.

    In Django's own in-memory database, a thread that meets another's lock fails at once instead of waiting for it.
    """
    from django.conf import settings

    with tempfile.TemporaryDirectory(prefix="adherents-tests-", dir=_quickest_folder()) as folder:
        wanted = settings.DATABASES["default"].setdefault("TEST", {})
        with mock.patch.dict(wanted, NAME=f"{folder}/tests.sqlite3"):
            yield


def _quickest_folder() -> str | None:
    shared = Path("/dev/shm")
    roomy = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 256 * MIB
    return str(shared) if roomy else None
