"""A thread that waits for bytes holds neither its turn nor a database connection: slow senders never use up PostgreSQL's."""

import threading

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from adherents.config.serving.bridge import Arriving, Turns

PATIENCE = 20  # seconds


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_waits_for_bytes_holds_no_database_connection() -> None:
    """On PostgreSQL, where each is one of a hundred; SQLite keeps the files of closed ones open for the next."""
    turns = Turns(1)
    body = Arriving(turns, lambda: None)
    its_own: list[BaseDatabaseWrapper] = []
    contents: list[bytes] = []

    def read() -> None:
        turns.take()
        mine = connections["default"]
        mine.ensure_connection()
        its_own.append(mine)
        contents.append(body.read(2))
        turns.give_back()

    reader = threading.Thread(target=read)
    reader.start()
    while not its_own:
        assert reader.is_alive()
    assert turns._free.acquire(timeout=PATIENCE), "it keeps its turn while it waits"
    assert its_own[0].connection is None, "it keeps its connection while it waits"
    turns._free.release()
    body.feed(b"ab")
    body.end(cut=False)
    reader.join(PATIENCE)
    assert contents == [b"ab"]
