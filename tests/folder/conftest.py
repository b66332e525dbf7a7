from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folder.exchange import Exchange
from tests.vault.conftest import member, objects_folder, other_member, time_to_draw

__all__ = ["exchange", "member", "objects_folder", "other_member", "time_to_draw"]


@pytest.fixture
def exchange(db: None, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange folder, and what an insurer does with it."""
    path = tmp_path / "exchange"
    path.mkdir()
    with Exchange.opened(path) as exchange:
        yield exchange


@pytest.fixture
def empty_database(django_db_setup: None, _tables: Path) -> Path:
    """A database with its tables and nothing in them, for a process of its own."""
    return _tables
