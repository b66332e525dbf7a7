from collections.abc import Iterator

import pytest
from django.db import connection

from adherents.journal.services import broken_chains
from tests.desk.conftest import agent, clamd, desk, member, newcomer, objects_folder, running_clamd, words  # noqa: F401
from tests.vault.conftest import own_clamd, signed_in  # noqa: F401


@pytest.fixture
def whole_journal() -> Iterator[None]:
    """Whatever raced, no chain of the journal is broken by it."""
    assert connection.vendor == "postgresql"
    yield
    assert list(broken_chains()) == []
