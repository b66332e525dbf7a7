"""The tests' own database, reached another way."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.utils import load_backend

from adherents.database import READER, reader
from tests import pooler, postgresql

Reached = Callable[..., AbstractContextManager[None]]


def server() -> str:
    """The address of the tests' server, past a pooler."""
    return os.environ["TEST_SERVER_URL"]


@pytest.fixture(scope="module")
def pool() -> Iterator[pooler.PgBouncer]:
    with pooler.PgBouncer(server()) as running:
        yield running


@contextmanager
def reached_at(alias: str, host: str, port: int | str, **options: Any) -> Iterator[None]:
    """For as long as the block lasts, `alias` is the tests' own database, on another host and port, with other options."""
    usual = connections["default"]
    given = {**usual.settings_dict, "HOST": host, "PORT": port, "OPTIONS": options}
    before, is_new = connections.databases.get(alias), alias not in connections.databases
    connections.databases[alias] = given
    kept = None if is_new else connections[alias]
    # Under its usual name: Django's test cases let no other one connect.
    connections[alias] = load_backend(given["ENGINE"]).DatabaseWrapper(given, "default")
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        if is_new:
            del connections.databases[alias]
        else:
            connections.databases[alias], connections[alias] = before, kept


@pytest.fixture
def reached(transactional_db: None) -> Reached:
    return reached_at


@pytest.fixture
def pooled(pool: pooler.PgBouncer, reached: Reached) -> Iterator[pooler.PgBouncer]:
    """The portal asks through PgBouncer, and no transaction finds the session of the one before."""
    name = connections["default"].settings_dict["NAME"]
    pool.open_sessions(name)
    with reached("default", "127.0.0.1", pool.port):
        yield pool


@pytest.fixture(scope="module")
def standby() -> Iterator[postgresql.Standby]:
    with postgresql.standby_of(server()) as running:
        yield running


@pytest.fixture
def read_there(standby: postgresql.Standby, reached: Reached) -> Iterator[postgresql.Standby]:
    """The standby is the reader."""
    reader.ask_again()
    with reached(READER, standby.host, standby.port, connect_timeout=2):
        yield standby
    reader.ask_again()
