"""Every day and every moment that somebody types or a program sends: one out of reach gets a sentence, and is kept nowhere."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Role
from adherents.api.resources import in_utc
from adherents.casework.models import Decision
from adherents.casework.services import queue
from adherents.members.models import Member
from adherents.notes.models import Note, Opinion
from adherents.webhooks.models import Endpoint
from tests.agents import make_agent, signed_in
from tests.api.systems import System, code_of
from tests.casework.queueing import adviser, waiting
from tests.cast import CAMILLE
from tests.factories import open_account
from tests.house import MODULES, named
from tests.members.doors import said
from tests.vault.conftest import browser_of

pytestmark = pytest.mark.django_db
# Before Christ in Paris for PostgreSQL, a slip for 2026, « never », and a year that no calendar here has.
OUT_OF_REACH = ["0001-01-01", "0026-11-29", "1899-12-31", "2200-01-01", "9999-12-31", "10000-01-01"]
MIDNIGHT = "T00:05"


class World:
    """A member with a document in the hands of an agent."""

    def __init__(self) -> None:
        self.member = Member.objects.get(account=open_account(CAMILLE))
        self.agent = make_agent(Role.ADMINISTRATOR)
        self.desk = signed_in(self.agent)
        self.system = System()
        [self.item] = waiting(self.member)
        self.colleague = adviser(1)
        self.endpoint = Endpoint.objects.create(
            name="Gestion", url="https://insurer.example/e", secret="s", position=0
        )

    def sentence(self, client: Client, address: str, typed: dict[str, Any], field: str) -> str:
        answer: Any = client.post(address, typed)
        assert answer.status_code == 200, address
        return " ".join(answer.context["form"].errors[field])  # none there: it was taken

    def note(self, day: str) -> str:
        typed = {"occasion": "call_in", "happened_at": day + MIDNIGHT, "words": "Rappeler."}
        return self.sentence(
            self.desk, f"/gestion/adherents/{self.member.pk}/note/", typed, field="happened_at"
        )

    def opinion(self, day: str) -> str:
        typed = {"colleague": self.colleague.pk, "question": "Suffit-il ?", "due_on": day}
        return self.sentence(self.desk, f"/gestion/documents/{self.item.document_id}/avis/", typed, "due_on")

    def correction(self, day: str) -> str:
        queue.take(agent=self.agent, item=self.item)
        typed = {"reason": "rib_illisible", "words_fr": "Illisible.", "until": day}
        return self.sentence(
            self.desk, f"/gestion/traiter/{self.item.document_id}/correction/", typed, "until"
        )

    def replay(self, day: str) -> str:
        typed = {"since": day + MIDNIGHT, "reason": "Panne chez eux"}
        return self.sentence(self.desk, f"/gestion/webhooks/{self.endpoint.pk}/rejouer/", typed, "since")

    def finding(self, name: str, day: str) -> str:
        answer: Any = browser_of(self.member).get(f"/adherent/documents/?{name}={day}")
        assert answer.status_code == 200
        return " ".join(answer.context["form"].errors[name])

    def told(self, answer: Any) -> str:
        assert code_of(answer) == "invalid"
        return " ".join(fault["at"] for fault in answer.json()["errors"])

    def listing(self, day: str) -> str:
        return self.told(self.system.get(f"documents?since={day}{MIDNIGHT}:00Z"))

    def program_corrects(self, day: str) -> str:
        sent = {"outcome": "correct", "reason": "rib_illisible", "until": day}
        return self.told(self.system.post(f"documents/{self.item.document_id}/decision", sent))


PLACES: dict[str, Callable[[World, str], str]] = {
    "a note's call": World.note,
    "an opinion's day": World.opinion,
    "a correction's day": World.correction,
    "a replay": World.replay,
    "documents since": lambda at, day: at.finding("since", day),
    "documents until": lambda at, day: at.finding("until", day),
    "the API's since": World.listing,
    "the API's until": World.program_corrects,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_day_out_of_reach_gets_a_sentence_and_is_kept_nowhere(place: str) -> None:
    world = World()
    for day in OUT_OF_REACH:
        sentence = PLACES[place](world, day)
        assert sentence, day
        assert not re.search("valide|interpret", sentence)  # Django's own words
    assert not Note.objects.exists()
    assert not Opinion.objects.exists()
    assert not Decision.objects.exists()
    for page in (f"adherents/{world.member.pk}", f"documents/{world.item.document_id}"):
        assert world.desk.get(f"/gestion/{page}/").status_code == 200


def test_a_membership_of_any_years_is_read_again() -> None:
    """Registers write « without end » as 9999-12-31: their days are kept as they come, or refused in words."""
    world = World()
    page = f"members/{CAMILLE.number}"
    for day in OUT_OF_REACH:
        sent = said(CAMILLE) | {"start_date": "0001-01-01", "end_date": day}
        answer = world.system.call("PUT", page, data=json.dumps(sent), content_type="application/json")
        assert answer.status_code == 200 or code_of(answer) == "invalid", answer.content
        assert world.system.get(page).status_code == 200
        assert world.desk.get(f"/gestion/adherents/{world.member.pk}/").status_code == 200


@pytest.mark.any_database
def test_what_is_in_reach_is_taken_to_its_last_day() -> None:
    world, today = World(), timezone.localdate()
    note = {"occasion": "visit", "happened_at": f"{today - timedelta(days=400)}T23:59", "words": "Passée."}
    assert world.desk.post(f"/gestion/adherents/{world.member.pk}/note/", note).status_code == 302
    opinion = {"colleague": world.colleague.pk, "question": "?", "due_on": today + timedelta(days=365)}
    page = f"/gestion/documents/{world.item.document_id}/avis/"
    assert world.desk.post(page, opinion).status_code == 302
    assert (Note.objects.count(), Opinion.objects.count()) == (1, 1)
    assert world.system.get("documents?since=1970-01-01T00:00:00Z").status_code == 200
    shown = world.desk.get(page).content.decode()
    assert f'min="{today}"' in shown
    assert f'max="{today + timedelta(days=365)}"' in shown


@pytest.mark.any_database
def test_no_form_and_no_body_reads_a_day_in_another_way() -> None:
    """`DayField` and `MomentField` of the pages, `Day` and `Moment` of the API: each has its bounds."""
    way = re.compile(r"forms\.(Split)?Date(Time)?Field|AwareDatetime|NaiveDatetime|PastDate|FutureDate")
    ours = ("src/adherents/ui/fields.py", "src/adherents/api/resources/__init__.py")
    assert [named(file) for file in MODULES if named(file) not in ours and way.search(file.read_text())] == []
    with pytest.raises(ValueError, match="years"):
        in_utc(timezone.now().replace(year=26))
