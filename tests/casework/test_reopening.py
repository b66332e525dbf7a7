"""« Rouvrir »: a decision that its member was told stands no more, and nobody is left to find that out alone."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import (
    Correction,
    DayTally,
    Decision,
    Item,
    Outcome,
    ReasonTally,
    Reopening,
    Status,
    Tally,
)
from adherents.casework.services import deciding, entering, queue, reopening
from adherents.casework.services.reopening import (
    AnotherWasSent,
    CannotReopen,
    NotSettled,
    NotYoursToReopen,
    ReopenedAlready,
)
from adherents.feed.models import Announcement
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.legibility import SetAside
from adherents.vault.models import Document, State
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import NEEDED, adviser, checked, waiting
from tests.vault.conftest import browser_of

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Mails = Callable[[], list[Any]]
Words = Callable[[Any], str]
Clock = time_machine.Traveller
WHY = "Erreur de lecture"


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def decided(agent: Account, item: Item, outcome: Outcome = Outcome.REFUSED) -> Decision:
    """Settled at once, as the worker does after the seconds of an undo."""
    queue.take(agent=agent, item=item)
    if outcome == Outcome.ACCEPTED:
        decision = deciding.accept(agent=agent, item=item)
    elif outcome == Outcome.REFUSED:
        decision = deciding.refuse(agent=agent, item=item, **NEEDED)
    else:
        until = date.today() + timedelta(days=15)
        decision = deciding.ask_correction(agent=agent, item=item, until=until, **NEEDED)
    deciding.settle(decision)
    return Decision.objects.get(pk=decision.pk)


def document_of(decision: Decision) -> Document:
    return Document.objects.get(item=decision.item_id)


def page_of(decision: Decision) -> str:
    return f"/gestion/decisions/{decision.pk}/rouvrir/"


@pytest.mark.parametrize("outcome", Outcome)
def test_a_reopened_decision_stands_no_more_and_everybody_is_told(
    agent: Account, member: Member, mails: Mails, clock: Clock, outcome: Outcome
) -> None:
    [item] = waiting(member)
    decision = decided(agent, item, outcome)
    mails()
    clock.shift(timedelta(hours=23))
    back = reopening.reopen(agent=agent, decision=decision, reason=WHY)
    document = document_of(decision)
    assert document.state == State.IN_PROGRESS
    assert not document.can_be_taken_back
    assert back.held_by(agent)
    assert back.status == Status.WAITING
    assert not Correction.objects.open_for(member).exists()
    [mail] = [told for told in mails() if "revoyons" in told.subject]
    assert mail.subject == "Nous revoyons notre réponse sur votre document (RIB)"
    assert WHY not in mail.text + mail.html
    entry = Entry.objects.get(event=Event.DECISION_REOPENED)
    assert (entry.subject, entry.actor) == (item.subject, agent.actor)
    assert entry.details == {"decision": decision.pk, "outcome": outcome.value, "reason": WHY}
    last = Announcement.objects.latest("pk")
    assert (last.type, last.subject) == ("document.reopened", f"document/{document.pk}")
    assert last.data == {"member": f"member/{member.pk}"}
    row = Reopening.objects.get()
    assert (row.decision, row.agent, row.told_at) == (decision, agent, decision.settled_at)
    # It is decided anew, and the last word is the only one that stands.
    deciding.accept(agent=agent, item=back)
    clock.shift(timedelta(seconds=10))
    run_until_nothing_is_left()
    assert document_of(decision).state == State.ACCEPTED
    assert [one.outcome for one in Decision.objects.standing()] == [Outcome.ACCEPTED]


def test_the_figures_follow_and_counting_again_gives_the_same(
    agent: Account, member: Member, clock: Clock
) -> None:
    first, second = waiting(member, 2)
    decided(agent, first)
    decision = decided(agent, second)
    assert (Tally.objects.get().refused, ReasonTally.objects.get().count) == (2, 2)
    reopening.reopen(agent=agent, decision=decision, reason=WHY)

    def counted() -> list[dict[str, Any]]:
        tallies = (
            Tally.objects.values(),
            DayTally.objects.values(),
            ReasonTally.objects.values("reason", "count"),
        )
        return [{k: v for k, v in row.items() if k != "id" and v} for rows in tallies for row in rows]

    followed = counted()
    assert (Tally.objects.get().refused, ReasonTally.objects.get().count) == (1, 1)
    assert (DayTally.objects.get().refused, DayTally.objects.get().on_time) == (1, 1)
    call_command("rebuild_figures", stdout=StringIO())
    assert counted() == followed
    Tally.objects.all().delete()  # figures in doubt keep nobody from reopening
    reopening.reopen(agent=agent, decision=Decision.objects.standing().get(), reason=WHY)


@any_database
def test_a_promise_that_was_broken_stays_broken_in_the_figures(
    agent: Account, member: Member, clock: Clock
) -> None:
    """The new answer has a day of its own to keep, but it came late for its member whatever that day."""

    def on_time() -> list[tuple[int, int]]:
        return list(Tally.objects.values_list("refused", "on_time"))

    kept, broken = waiting(member, 2)
    Item.objects.filter(pk=broken.pk).update(due_on=date(2026, 11, 20))  # the Friday before
    for item in (kept, broken):
        decided(agent, item)
    assert on_time() == [(2, 1)]
    for rounds in range(2):
        for item in (kept, broken):
            standing = Decision.objects.standing().get(item=item)
            reopening.reopen(agent=agent, decision=standing, reason=WHY)
        assert on_time() == [(0, 0)], rounds
        for item in (kept, broken):
            decided(agent, Item.objects.get(pk=item.pk))
        assert on_time() == [(2, 1)], rounds
        call_command("rebuild_figures", stdout=StringIO())
        assert on_time() == [(2, 1)], rounds


@any_database
def test_the_new_answer_is_due_on_the_promised_day_and_never_before_the_next_working_day(
    agent: Account, member: Member, clock: Clock
) -> None:
    late, early = waiting(member, 2)
    Item.objects.filter(pk=late.pk).update(due_on=date(2026, 11, 10))
    Item.objects.filter(pk=early.pk).update(due_on=date(2026, 12, 4))
    clock.move_to(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))  # a Friday
    for item, due in ((late, date(2026, 11, 30)), (early, date(2026, 12, 4))):
        item.refresh_from_db()
        back = reopening.reopen(agent=agent, decision=decided(agent, item), reason=WHY)
        assert Item.objects.get(pk=back.pk).due_on == due


@any_database
def test_ones_own_decision_for_a_day_and_a_responsable_later(
    agent: Account, member: Member, clock: Clock
) -> None:
    decision = decided(agent, waiting(member)[0])
    with pytest.raises(NotYoursToReopen):
        reopening.reopen(agent=adviser(2), decision=decision, reason=WHY)
    with pytest.raises(NotYoursToReopen):
        reopening.reopen(agent=adviser(3, Role.ADMINISTRATOR), decision=decision, reason=WHY)
    clock.shift(timedelta(hours=24))
    with pytest.raises(NotYoursToReopen):
        reopening.reopen(agent=agent, decision=decision, reason=WHY)
    clock.shift(timedelta(days=90))
    head = adviser(4, Role.SUPERVISOR)
    assert reopening.reopen(agent=head, decision=decision, reason=WHY).held_by(head)
    with pytest.raises(ReopenedAlready):
        reopening.reopen(agent=head, decision=decision, reason=WHY)


@any_database
def test_what_cannot_be_treated_again_is_not_reopened(agent: Account, member: Member, clock: Clock) -> None:
    replaced, erased, unsafe, fresh = waiting(member, 4)
    one = decided(agent, replaced)
    sent = checked(member, answers=document_of(one))
    with pytest.raises(AnotherWasSent):
        reopening.reopen(agent=agent, decision=one, reason=WHY)
    # One that could not be opened, or that was taken back, replaces nothing.
    Document.objects.filter(pk=sent.pk).update(set_aside=SetAside.UNREADABLE)
    assert reopening.reopen(agent=agent, decision=one, reason=WHY)
    two = decided(agent, erased, Outcome.ACCEPTED)
    erase(document_id=document_of(two).pk, because=Erased.RETENTION)
    three = decided(agent, unsafe, Outcome.ACCEPTED)
    Document.objects.filter(pk=unsafe.document_id).update(set_aside=SetAside.INFECTED)
    for decision in (two, three):
        with pytest.raises(CannotReopen) as refused:
            reopening.reopen(agent=agent, decision=decision, reason=WHY)
        assert type(refused.value) is CannotReopen
    queue.take(agent=agent, item=fresh)
    with pytest.raises(NotSettled):
        reopening.reopen(agent=agent, decision=deciding.accept(agent=agent, item=fresh), reason=WHY)
    assert Reopening.objects.count() == 1


@any_database
def test_who_left_or_lost_the_role_meanwhile_reopens_nothing(
    agent: Account, member: Member, clock: Clock
) -> None:
    """A page that was opened before: the account is read again, whatever the caller holds of it."""
    [item] = waiting(member)
    decision = decided(agent, item)
    head, moved = adviser(4, Role.SUPERVISOR), adviser(5, Role.SUPERVISOR)
    Account.objects.filter(pk__in=[agent.pk, head.pk]).update(closed_at=MONDAY)
    Account.objects.filter(pk=moved.pk).update(role=Role.AUDITOR)
    for who in (agent, head, moved):
        with pytest.raises(NotYoursToReopen):
            reopening.reopen(agent=who, decision=decision, reason=WHY)
    assert not Reopening.objects.exists()


@any_database
def test_a_correction_that_is_asked_for_again_is_one_request(
    agent: Account, member: Member, clock: Clock
) -> None:
    decision = decided(agent, waiting(member)[0], Outcome.INCOMPLETE)
    back = reopening.reopen(agent=agent, decision=decision, reason=WHY)
    again = decided(agent, back, Outcome.INCOMPLETE)
    assert [asked.decision for asked in Correction.objects.open_for(member)] == [again]
    checked(member, answers=document_of(again))
    entering.enter_lately()
    assert Correction.objects.get().answered_at is not None


@any_database
def test_the_documents_story_says_it_to_its_member(
    agent: Account, member: Member, clock: Clock, words: Words
) -> None:
    decision = decided(agent, waiting(member)[0])
    clock.shift(timedelta(hours=2))
    reopening.reopen(agent=agent, decision=decision, reason=WHY)
    own = browser_of(member)
    story = own.get(f"/adherent/documents/{decision.item.document_id}/")
    shown = words(story)
    for said in (
        "Décision rouverte",
        "Nous avons rouvert notre décision : un conseiller examine à nouveau votre document.",
        f"Réponse attendue avant le {Item.objects.get().due_on:%d/%m/%Y}.",
        "Nouvelle réponse",
        "Décision rouverte : un conseiller l’examine à nouveau.",
    ):
        assert said in shown.replace("\u00a0", " "), said
    assert WHY not in shown
    assert NEEDED["words_fr"] not in shown  # what stands no more is not said as if it did
    assert "Envoyer le bon document" not in shown
    clock.shift(timedelta(hours=1))
    decided(agent, Item.objects.get(), Outcome.ACCEPTED)
    again = browser_of(member).get(f"/adherent/documents/{decision.item.document_id}/")  # a session later
    steps = [step["label"] for step in again.context["steps"]]
    assert steps[-3:] == ["Refusé", "Décision rouverte", "Accepté"]


@any_database
def test_the_page_asks_why_and_gives_the_document_back(
    agent: Account, desk: Client, member: Member, clock: Clock, words: Words
) -> None:
    decision = decided(agent, waiting(member)[0])
    document = f"/gestion/documents/{decision.item.document_id}/"
    assert page_of(decision) in desk.get(document).content.decode()
    asked = desk.post(page_of(decision), {"reason": ""})
    assert "Dites pourquoi, en quelques mots." in words(asked)
    for wrong in ("x\x00yz", "é" * 301, "jean@example.org"):
        assert desk.post(page_of(decision), {"reason": wrong}).status_code == 200
    assert not Reopening.objects.exists()
    treat = f"/gestion/traiter/{decision.item.document_id}/"
    assert desk.post(page_of(decision), {"reason": WHY})["Location"] == treat
    again = desk.post(
        page_of(decision), {"reason": WHY}, follow=True
    )  # pressed twice, or a page that is stale
    assert again.redirect_chain == [(treat, 302)]
    assert Reopening.objects.count() == 1
    page = words(desk.get(treat))
    assert "Décision rouverte le 23/11/2026" in page
    assert f"Motif : {WHY}" in page.replace("\u00a0", " ")
    assert NEEDED["words_fr"] in page


@any_database
def test_the_page_of_what_cannot_be_reopened_is_not_shown(
    agent: Account, desk: Client, member: Member, clock: Clock, words: Words
) -> None:
    replaced, unsafe, erased = (decided(agent, item) for item in waiting(member, 3))
    checked(member, answers=document_of(replaced))
    Document.objects.filter(pk=document_of(unsafe).pk).update(set_aside=SetAside.INFECTED)
    erase(document_id=document_of(erased).pk, because=Erased.RETENTION)
    for decision, why in (
        (replaced, "L’adhérent a envoyé un autre document à la place"),
        (unsafe, "le document a été effacé, ou mis de côté"),
    ):
        asked = desk.get(page_of(decision), follow=True)
        assert asked.redirect_chain == [(f"/gestion/documents/{document_of(decision).pk}/", 302)]
        assert why in words(asked)
    assert desk.get(page_of(erased)).status_code == 404


@any_database
def test_a_colleague_reads_the_decision_and_cannot_reopen_it(
    agent: Account, member: Member, clock: Clock, words: Words
) -> None:
    decision = decided(agent, waiting(member)[0])
    other = signed_in(make_agent(Role.ADMINISTRATOR))
    page = other.get(f"/gestion/documents/{decision.item.document_id}/")
    assert NEEDED["words_fr"] in words(page)
    assert "rouvrir" not in page.content.decode()
    answer = other.post(page_of(decision), {"reason": WHY}, follow=True)
    assert "Seul un responsable peut maintenant rouvrir cette décision." in words(answer)
    assert browser_of(member).get(page_of(decision)).status_code == 403
    assert not Reopening.objects.exists()
