"""Another person's object and one that never existed get the same answer, one entry in the journal, and a limit."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.insurer.facts import Rates
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.services import threads
from adherents.vault.uploads import services as resuming
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, JEAN_FRANCOIS
from tests.factories import open_account
from tests.vault.conftest import browser_of, deposited, objects_folder, pdf  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}


@pytest.fixture
def other() -> Member:
    return Member.objects.select_related("account").get(account=open_account(JEAN_FRANCOIS))


@pytest.fixture
def member() -> Member:
    return Member.objects.select_related("account").get(account=open_account(CAMILLE))


@pytest.fixture
def browser(member: Member) -> Client:
    return browser_of(member)


def account_of(member: Member) -> Account:
    assert member.account is not None
    return member.account


def thread_of(other: Member) -> str:
    made = threads.open_thread(
        acting=on_own_file(other), author=account_of(other), subject="Ma carte", body="Bonjour."
    )
    return f"/adherent/messages/{made.pk}/"


def upload_of(other: Member) -> str:
    begun = resuming.begin_upload(member=other, name="a.pdf", length=10)
    return f"/adherent/documents/envoyer/fichiers/{begun.pk}/"


OBJECTS: dict[str, Callable[[Member], str]] = {
    "page": lambda other: f"/adherent/documents/{deposited(other, pdf()).pk}/",
    "download": lambda other: f"/adherent/documents/{deposited(other, pdf()).pk}/telecharger/",
    "photo": lambda other: f"/adherent/documents/{deposited(other, pdf()).pk}/photos/1/",
    "receipt": lambda other: f"/adherent/documents/accuses/{deposited(other, pdf()).deposit.number}/",
    "paper": lambda other: f"/adherent/documents/accuses/{deposited(other, pdf()).deposit.number}/accuse.pdf",
    "thread": thread_of,
    "upload": upload_of,
}


def refused() -> list[Entry]:
    return list(Entry.objects.filter(event=Event.OBJECT_REFUSED).order_by("pk"))


def plain(answer: Any, named: str) -> str:
    """A page without its form's token, its request's name, and the address that was asked for."""
    page = re.sub(r'value="\w{64}"', "", answer.content.decode())
    return page.replace(answer["X-Request-ID"], "…").replace(named, "…")


@pytest.mark.parametrize("name", OBJECTS)
def test_anothers_object_and_one_that_never_was_have_one_answer_and_each_is_journalled(
    browser: Client, member: Member, other: Member, name: str
) -> None:
    path = OBJECTS[name](other)
    ask = browser.head if name == "upload" else browser.get
    theirs = ask(path, **TUS) if name == "upload" else ask(path)  # type: ignore[arg-type]
    parts = [part for part in path.split("/") if part.count("-") >= 2]
    stranger = "D-2020-000001" if "accuses" in path else str(uuid.uuid4())
    never = path.replace(parts[0], stranger)
    nobodys = ask(never, **TUS) if name == "upload" else ask(never)  # type: ignore[arg-type]
    assert theirs.status_code == nobodys.status_code == 404
    assert plain(theirs, parts[0]) == plain(nobodys, stranger)
    account = account_of(member)
    assert [(entry.subject, entry.actor) for entry in refused()] == [(account.subject, account.subject)] * 2
    assert all(entry.details["page"] for entry in refused())
    if "accuses" not in path:
        assert [entry.details["object"].split()[0] for entry in refused()] == [parts[0], stranger]


def test_what_was_typed_in_the_place_of_an_identifier_is_not_written_down(browser: Client) -> None:
    assert browser.get("/adherent/documents/accuses/camille@example.org/").status_code == 404
    [entry] = refused()
    assert "object" not in entry.details


def test_a_nir_that_an_agent_typed_in_the_place_of_a_number_is_not_written_down(db: None) -> None:
    assert signed_in(make_agent()).get(f"/gestion/adherents/{CAMILLE.nir}/").status_code == 404
    [entry] = refused()
    assert "object" not in entry.details


def test_an_agent_who_walks_documents_is_journalled_at_work(db: None) -> None:
    agent = make_agent()
    assert signed_in(agent).get(f"/gestion/documents/{uuid.uuid4()}/").status_code == 404
    assert [entry.actor for entry in refused()] == [agent.actor]


def test_a_person_who_walks_identifiers_is_stopped_and_the_journal_stops_growing(
    browser: Client, member: Member, other: Member, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rates = Rates.model_validate(
        {"per_address": "99/hour", "per_network": "99/hour", "per_identifier": "5/hour"}
    )
    limits = settings.ADHERENTS_PROFILE.limits.model_copy(update={"object": rates})
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"limits": limits})
    theirs = OBJECTS["page"](other)
    statuses = [browser.get(f"/adherent/documents/{uuid.uuid4()}/").status_code for _ in range(7)]
    assert statuses == [404] * 5 + [429] * 2
    assert browser.get(theirs).status_code == 429, "another's is told apart by nothing, then either"
    assert len(refused()) == 5
    assert "rate limited" in caplog.text
    own = OBJECTS["page"](member)
    assert browser.get(own).status_code == 200, "what is one's own stays open"


def test_a_page_that_names_no_object_and_a_stranger_are_not_journalled(browser: Client) -> None:
    assert browser.get("/nulle-part/").status_code == 404
    assert Client().get(f"/verifier/cle-{'0' * 16}.pem").status_code == 404
    assert refused() == []
