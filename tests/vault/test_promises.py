"""What a member is promised, on the pages that said it: it is said as long as it stands, and never of what nobody treats."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from adherents.casework.models import Item, Outcome
from adherents.casework.services import reopening
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase, take_back
from tests.casework.queueing import adviser, checked, waiting
from tests.casework.test_reopening import decided
from tests.cast import EVE
from tests.factories import open_account
from tests.portal.test_public_pages import words_of
from tests.vault.conftest import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEND = "/adherent/documents/envoyer/"
Clock = time_machine.Traveller
PROMISE = "Nous le traitons en général en"
OVER = "Nous n’avons plus rien à traiter dans cet envoi."


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def receipt_of(document: Document) -> str:
    page = browser_of(document.member).get(f"/adherent/documents/accuses/{document.deposit.number}/")
    return words_of(page.text).replace("\u00a0", " ")


def test_a_receipt_promises_what_is_still_to_come_and_nothing_else(member: Member, clock: Clock) -> None:
    document, other = checked(member), checked(member)
    Document.objects.filter(pk=other.pk).update(deposit=document.deposit, rank=2)
    assert "Nous les traitons en général en" in receipt_of(document)
    take_back(acting=on_own_file(member), document_id=document.pk)
    assert PROMISE in receipt_of(document)  # the second one is treated
    for gone in ({"state": State.WITHDRAWN}, {"set_aside": SetAside.UNREADABLE}, {"state": State.ACCEPTED}):
        Document.objects.filter(pk=other.pk).update(**{"state": State.CHECKED, "set_aside": ""} | gone)
        shown = receipt_of(document)
        assert OVER in shown, gone
        assert PROMISE not in shown, gone
    Document.objects.filter(pk=other.pk).update(state=State.CHECKED, set_aside="")
    clock.shift(timedelta(days=60))
    late = receipt_of(document)
    assert "nous avons du retard, votre document n’est pas oublié" in late
    assert PROMISE not in late
    erase(document_id=other.pk, because=Erased.RETENTION)
    assert OVER in receipt_of(document)


def test_a_receipt_says_the_new_day_of_a_decision_that_was_reopened(member: Member, clock: Clock) -> None:
    agent = adviser(1)
    [item] = waiting(member)
    decision = decided(agent, item)
    document = Document.objects.get()
    assert OVER in receipt_of(document)
    reopening.reopen(agent=agent, decision=decision, reason="Erreur de lecture")
    shown = receipt_of(document)
    assert "Nous avons rouvert notre décision" in shown
    assert f"{Item.objects.get().due_on:%d/%m/%Y}" in shown


def test_the_button_of_a_refusals_mail_says_what_has_become_of_the_document(
    member: Member, clock: Clock, mails: Callable[[], list[Any]]
) -> None:
    """The mail stays in its box: its button leads to the page that sends, whatever happened since."""
    agent = adviser(1)
    decision = decided(agent, waiting(member)[0])
    document = Document.objects.get()
    button = document.send_instead
    [mail] = [told for told in mails() if "refusé" in told.subject or "accepté" in told.subject]
    assert button in mail.text

    def shown(of: Member = member, address: str = button) -> str:
        answer = browser_of(of).get(address)
        assert answer.status_code == 200
        return words_of(answer.text).replace("\u00a0", " ")

    assert "Vous remplacez : RIB" in shown()
    reopening.reopen(agent=agent, decision=decision, reason="Erreur de lecture")
    again = shown()
    assert "Rien n’est à renvoyer pour : RIB" in again
    assert "un conseiller examine à nouveau votre document" in again
    before = shown(address=f"{SEND}?remplace={document.pk}")  # a mail of the version before
    assert "Rien n’est à renvoyer pour : RIB" in before
    assert "Vous remplacez" not in again
    decided(agent, Item.objects.get(), Outcome.ACCEPTED)
    assert "C’est terminé : vous n’avez rien d’autre à faire." in shown()
    erase(document_id=document.pk, because=Erased.RETENTION)
    assert "Rien n’est à renvoyer pour : RIB" in shown()
    # Of what is not theirs, or never was, nothing is said.
    eve = Member.objects.get(account=open_account(EVE))
    assert "renvoyer pour" not in shown(eve)
    assert "renvoyer pour" not in shown(address=f"{SEND}?replaces=0b7b0a6e-0000-4000-8000-000000000000")
    assert "renvoyer pour" not in shown(address=f"{SEND}?replaces=x")
