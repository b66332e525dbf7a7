"""Several reasons in one decision: chosen one after the other, told together, each counted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from adherents.accounts.models import Account
from adherents.casework.models import MOST_REASONS, Decision, Item, Outcome, ReasonTally
from adherents.casework.services import deciding, queue, reopening, tallying
from adherents.casework.services.deciding import NoSuchReason, TooManyReasons
from adherents.casework.views import wording
from adherents.feed.models import Announcement
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Reason
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.work.services import run_until_nothing_is_left
from tests.casework.queueing import NEEDED, waiting

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BOTH = {"reason": "rib_illisible", "other_reasons": ["rib_iban_incomplet"]}
WORDS = {"words_fr": "Illisible.\n\nIncomplet.", "words_en": ""}
Words = Callable[..., str]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


@pytest.fixture
def item(agent: Account, member: Member) -> Item:
    return queue.take(agent=agent, item=waiting(member)[0])


def reasons(item: Item) -> dict[str, Reason]:
    return {reason.code: reason for reason in deciding.reasons_for(item, "refuse")}


def settled(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()


def test_each_reason_is_kept_told_and_counted(
    agent: Account, item: Item, mails: Callable[[], list[Any]], clock: time_machine.Traveller
) -> None:
    decision = deciding.refuse(agent=agent, item=item, **BOTH, **WORDS)
    clock.shift(timedelta(seconds=11))
    [mail] = mails()
    for part in (mail.text, mail.html):
        assert "Illisible." in part
        assert "Incomplet." in part
    assert Decision.objects.get().reasons == ["rib_illisible", "rib_iban_incomplet"]
    told = Announcement.objects.filter(type="document.decided").latest("pk").data
    assert (told["reason"], told["reasons"]) == ("rib_illisible", ["rib_illisible", "rib_iban_incomplet"])
    entry = Entry.objects.get(event=Event.DOCUMENT_REFUSED)
    assert entry.details == {"code": "rib_illisible", "other_codes": "rib_iban_incomplet"}
    assert counted() == {"rib_iban_incomplet": 1, "rib_illisible": 1}
    list(tallying.rebuild())
    assert counted() == {"rib_iban_incomplet": 1, "rib_illisible": 1}
    reopening.reopen(agent=agent, decision=decision, reason="Une erreur de notre part.")
    assert counted() == {"rib_iban_incomplet": 0, "rib_illisible": 0}


def counted() -> dict[str, int]:
    return dict(ReasonTally.objects.values_list("reason", "count"))


def test_a_reason_after_which_nothing_is_expected_closes_whatever_else_is_said(
    agent: Account, item: Item
) -> None:
    decision = deciding.refuse(
        agent=agent, item=item, reason="rib_illisible", other_reasons=["deja_recu"], words_fr="Oui."
    )
    assert decision.reasons == ["deja_recu", "rib_illisible"]
    assert not decision.asks


def test_what_an_older_version_wrote_has_one_reason(agent: Account, item: Item) -> None:
    decision = deciding.refuse(agent=agent, item=item, **NEEDED)
    assert (decision.reason, decision.other_reasons) == ("rib_illisible", "")
    assert decision.reasons == ["rib_illisible"]
    assert Decision(outcome=Outcome.ACCEPTED).reasons == []


def test_each_reason_is_one_of_the_kind_and_there_are_five_at_most(agent: Account, item: Item) -> None:
    with pytest.raises(NoSuchReason):
        deciding.refuse(agent=agent, item=item, reason="rib_illisible", other_reasons=["nul"], words_fr="a")
    known = list(reasons(item))
    assert len(known) > MOST_REASONS, "the profile has too few to show it"
    with pytest.raises(TooManyReasons):
        deciding.refuse(
            agent=agent, item=item, reason=known[0], other_reasons=known[1 : MOST_REASONS + 1], words_fr="a"
        )
    deciding.refuse(
        agent=agent,
        item=item,
        reason=known[0],
        other_reasons=[known[0], *known[1:MOST_REASONS]],
        words_fr="a",
    )
    assert len(Decision.objects.get().reasons) == MOST_REASONS


def test_another_reason_adds_its_paragraph_and_the_same_one_takes_it_away(
    desk: Client, item: Item, words: Words, clock: time_machine.Traveller
) -> None:
    address = f"/gestion/traiter/{item.document_id}/refuser/"
    known = reasons(item)
    first, second = known["rib_illisible"], known["rib_iban_incomplet"]
    begun = desk.get(f"{address}?pick=rib_illisible").context["form"]
    kept = {"reason": "rib_illisible", "words_fr": begun["words_fr"].value(), "words_en": ""}
    two = desk.post(address, kept | {"also": "rib_iban_incomplet"}).context["form"]
    assert two["reason"].value() == "rib_illisible rib_iban_incomplet"
    assert two["words_fr"].value() == f"{first.words.fr.strip()}\n\n{second.words.fr.strip()}"
    mine = "Bonjour.\n\n" + two["words_fr"].value()
    without = desk.post(
        address, {"reason": two["reason"].value(), "words_fr": mine, "words_en": "", "also": "rib_illisible"}
    ).context["form"]
    assert without["reason"].value() == "rib_iban_incomplet"
    assert without["words_fr"].value() == f"Bonjour.\n\n{second.words.fr.strip()}"
    last = desk.post(address, {"reason": "rib_iban_incomplet", "words_fr": "", "also": "rib_iban_incomplet"})
    assert last.context["form"]["reason"].value() == "rib_iban_incomplet"
    desk.post(address, {"reason": two["reason"].value(), "words_fr": mine, "words_en": ""})
    decision = Decision.objects.get()
    assert (decision.reasons, decision.words_fr) == (["rib_illisible", "rib_iban_incomplet"], mine)
    settled(clock)
    page = words(desk.get(f"/gestion/documents/{item.document_id}/"))
    assert f"({first.label}, {second.label})" in page
    assert f"({first.label}, {second.label})" in words(desk.get(f"/gestion/decisions/{decision.pk}/rouvrir/"))


def test_words_emptied_in_english_stay_so_and_typed_ones_get_the_other_reason_below() -> None:
    first, second = profile().documents.reasons[:2]
    mended = wording.amended(
        {"words_fr": "À moi.\r\n", "words_en": ""}, before=[first], after=[first, second]
    )
    assert mended == {"words_fr": f"À moi.\n\n{second.words.fr.strip()}", "words_en": ""}


def test_an_undone_decision_comes_back_with_all_its_reasons(
    desk: Client, agent: Account, item: Item, words: Words
) -> None:
    decision = deciding.refuse(agent=agent, item=item, **BOTH, **WORDS)
    deciding.undo(agent=agent, decision=decision)
    address = f"/gestion/traiter/{item.document_id}/refuser/"
    for page in (desk.get(address), desk.get(f"{address}?pick=rib_illisible")):
        assert page.context["form"]["reason"].value() == "rib_illisible rib_iban_incomplet"
        assert page.context["form"]["words_fr"].value() == WORDS["words_fr"]


def test_a_form_with_a_reason_that_is_none_here_says_so(desk: Client, item: Item, words: Words) -> None:
    address = f"/gestion/traiter/{item.document_id}/refuser/"
    for wrong, said in (
        ("rib_illisible nul", "Choisissez un motif de la liste."),
        (" ".join(list(reasons(item))[:6]), "Choisissez cinq motifs au plus."),
    ):
        assert said in words(desk.post(address, {"reason": wrong, "words_fr": "Non.", "words_en": ""}))
    assert not Decision.objects.exists()
