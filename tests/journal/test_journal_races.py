"""Many writers at once, on a real PostgreSQL: a chain of the journal stays whole."""

import pytest

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import record
from tests.at_once import at_once, kinds

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def test_the_journals_chain_stays_whole_under_many_writers() -> None:
    acts = [lambda n=n: record(Event.SIGNED_OUT, subject=f"account:{n % 2}", n=n) for n in range(100)]  # type: ignore[misc]
    assert kinds(at_once(acts)) == {"NoneType": 100}
    for subject in ("account:0", "account:1"):
        assert list(Entry.objects.chain(subject).values_list("sequence", flat=True)) == list(range(1, 51))
