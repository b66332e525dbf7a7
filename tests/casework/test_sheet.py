"""« Fiche de décision »: what a member was told, on one page, with the agent by role."""

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.casework.models import Decision, Outcome
from adherents.casework.services import reopening
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.casework.queueing import checked
from tests.casework.replying import ENGLISH, WORDS, settled
from tests.casework.test_treating import Words

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def sheet_of(decision: Decision) -> str:
    return f"/gestion/decisions/{decision.pk}/fiche/"


def test_it_says_what_was_decided_and_names_no_agent(desk: Client, member: Member, words: Words) -> None:
    decision = settled(checked(member))
    document = decision.item.about
    page = desk.get(sheet_of(decision)).content.decode()
    article = page[page.index('<article class="decision-sheet">') : page.index("</article>")]
    for said in (
        document.deposit.number,
        member.name,
        "RIB",
        "Refusé",
        "Illisible",
        WORDS,
        "par : Conseiller",
    ):
        assert said.replace(" :", "\u00a0:") in article, said
    assert decision.agent.shown_name not in article
    assert ENGLISH not in article
    assert Entry.objects.filter(event=Event.MEMBER_CONSULTED, subject=member.subject).count() == 1
    Account.objects.filter(pk=member.account_id).update(language="en")
    assert ENGLISH in desk.get(sheet_of(decision)).content.decode()
    assert sheet_of(decision) in desk.get(f"/gestion/documents/{document.pk}/").content.decode()


def test_an_accepted_document_has_no_reason(desk: Client, member: Member, words: Words) -> None:
    said = words(desk.get(sheet_of(settled(checked(member), Outcome.ACCEPTED))))
    assert "Accepté" in said
    assert "Motif" not in said


def test_what_can_be_undone_or_was_reopened_has_no_sheet(
    desk: Client, agent: Account, member: Member
) -> None:
    assert desk.get(sheet_of(settled(checked(member), told=False))).status_code == 404
    decision = settled(checked(member))
    reopening.reopen(agent=agent, decision=decision, reason="Erreur de lecture")
    assert desk.get(sheet_of(decision)).status_code == 404
