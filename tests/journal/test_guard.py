"""The guard that watches every test's journal does see personal data."""

import pytest

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import record
from tests.cast import CAMILLE, EVE
from tests.journal.guard import personal_data_in, watched


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        CAMILLE.number,
        CAMILLE.nir,
        CAMILLE.nir13,
        CAMILLE.email,
        "DUPONT",
        "hoarau",
        "Marie",
        EVE.birth_date,
        "x@y.fr",
        "12345678901",
    ],
)
def test_it_finds_what_names_somebody(said: str, journal_watch: list[str]) -> None:
    with watched() as named:
        record(Event.SIGNED_OUT, subject="account:1", note=said)
        record(Event.SIGNED_OUT, subject=f"account:{said}")
    assert len(named) == 2
    journal_watch.clear()


@pytest.mark.parametrize(
    ("subject", "details"),
    [
        ("account:12", {"attempt": 5, "known_device": True}),
        ("document:4b1c9a52-1111-4222-8333-123456789012", {"kind": "rib"}),
        ("identifier:0123456789abcdef0123456789abcdef", {}),
        ("account:3", {"reason": "appel de Camille Dupont, 04 76 60 56 36"}),
    ],
)
def test_it_lets_plain_identifiers_codes_and_an_agents_reason_be(
    subject: str, details: dict[str, object]
) -> None:
    assert personal_data_in(Entry(subject=subject, actor="agent:7", details=details)) == []
