"""An agent who is away: what is kept for them goes to who stands in, or to all, and comes back."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from adherents.accounts.models import Account, Role
from adherents.casework.models import HandOver, Item
from adherents.casework.services import deciding, queue
from adherents.casework.services.queue import KeptForAnother
from adherents.casework.sharing.selectors import handed_to, untreated
from adherents.desk.models import Absence
from adherents.desk.services.absences import (
    AbsenceRefused,
    AwayAlready,
    CannotStandIn,
    EndedAlready,
    EndsBeforeItBegins,
    EndsInThePast,
    EndsTooLate,
    end_absence,
    note_absence,
)
from adherents.desk.services.specialties import set_specialty
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.conftest import Mail

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = MONDAY.date()
Words = Callable[[Any], str]
Mails = Callable[[], list[Mail]]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def kept_for(agent: Account, member: Member) -> Item:
    [item] = waiting(member)
    queue.assign(agent=adviser(800 + agent.pk, Role.SUPERVISOR), item=item, to=agent)
    item.refresh_from_db()
    return item


def away(agent: Account, substitute: Account | None = None, *, days: int = 1) -> Absence:
    last = TODAY + timedelta(days=days - 1)
    return note_absence(by=agent, agent=agent, begins_on=TODAY, ends_on=last, substitute=substitute)


def test_what_is_kept_for_the_absent_goes_to_who_stands_in_and_to_nobody_else(
    agent: Account, member: Member
) -> None:
    colleague, other = adviser(2), adviser(3)
    item = kept_for(agent, member)
    away(agent, colleague)
    assert queue.take_next(agent=other) is None
    with pytest.raises(KeptForAnother):
        queue.take(agent=other, item=item)
    set_specialty(agent=colleague, by=make_agent(Role.ADMINISTRATOR), kinds=["devis"], languages=[])
    assert queue.take_next(agent=colleague) == item  # a person chose the absent: kinds do not count


def test_it_goes_to_all_where_nobody_stands_in(agent: Account, member: Member) -> None:
    item = kept_for(agent, member)
    away(agent)
    assert Item.objects.in_place("free").get() == item
    assert queue.take_next(agent=adviser(3)) == item


def test_it_comes_back_after_the_absence_where_it_is_still_undecided(
    agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    colleague = adviser(2)
    item = kept_for(agent, member)
    away(agent, colleague)
    assert Item.objects.kept_for(colleague).exists()
    clock.move_to(MONDAY + timedelta(days=1))
    assert queue.take_next(agent=colleague) is None
    assert queue.take_next(agent=agent) == item


def test_it_comes_back_at_once_when_the_absence_ends_before_its_day(agent: Account, member: Member) -> None:
    colleague = adviser(2)
    item = kept_for(agent, member)
    absence = away(agent, colleague, days=5)
    end_absence(by=agent, absence=absence)
    assert queue.take_next(agent=colleague) is None
    assert queue.take_next(agent=agent) == item
    with pytest.raises(EndedAlready):
        end_absence(by=agent, absence=absence)


def test_an_absence_that_has_begun_keeps_its_days_when_it_ends(
    agent: Account, clock: time_machine.Traveller
) -> None:
    absence = away(agent, days=5)
    clock.move_to(MONDAY + timedelta(days=2))
    end_absence(by=agent, absence=absence)
    absence.refresh_from_db()
    assert absence.ends_on == TODAY + timedelta(days=1)


def test_who_stands_in_for_who_stands_in_gets_it_and_a_circle_ends_with_all(
    agent: Account, member: Member
) -> None:
    second, third, fourth = adviser(2), adviser(3), adviser(4)
    away(agent, second)
    away(second, third)
    assert Absence.objects.stand_ins() == {agent.pk: third.pk, second.pk: third.pk}
    away(third, agent)
    assert Absence.objects.stand_ins() == {agent.pk: None, second.pk: None, third.pk: None}
    item = kept_for(agent, member)
    assert queue.take_next(agent=fourth) == item


def test_a_substitute_who_was_suspended_stands_in_for_nobody(agent: Account) -> None:
    colleague = adviser(2)
    away(agent, colleague)
    Account.objects.filter(pk=colleague.pk).update(closed_at=MONDAY)
    assert Absence.objects.stand_ins() == {agent.pk: None}


def test_what_is_handed_to_the_absent_is_told_to_who_stands_in(
    agent: Account, member: Member, mails: Mails
) -> None:
    [item], colleague, substitute = waiting(member), adviser(2), adviser(3)
    away(colleague, substitute)
    queue.take(agent=agent, item=item)
    queue.hand_over(agent=agent, item=item, to=colleague, words="Tu connais ce dossier.")
    assert mails()[-1].to == substitute.email
    assert [handed.item for handed in handed_to(substitute)] == [item]
    assert queue.take_next(agent=substitute) == item


def test_the_colleague_reads_who_handed_it_over_and_why_and_the_mail_says_neither_what_nor_whose(
    agent: Account, member: Member, mails: Mails, words: Words
) -> None:
    [item], colleague = waiting(member), make_agent(Role.SUPERVISOR)
    queue.take(agent=agent, item=item)
    sender = signed_in(agent)
    given = {"to": str(colleague.pk), "words": "Elle rappelle à 15 h."}
    sender.post(f"/gestion/traiter/{item.document_id}/transmettre/", given)
    mail = mails()[-1]
    assert (mail.to, mail.subject) == (colleague.email, "Claire Morel vous a transmis un document")
    assert str(item.document_id) in mail.text
    for secret in ("Dupont", "RIB", "15 h", "70100001"):
        assert secret not in mail.text + mail.html
    desk = signed_in(colleague)
    for address in (
        "/gestion/",
        f"/gestion/traiter/{item.document_id}/",
        f"/gestion/documents/{item.document_id}/",
    ):
        shown = words(desk.get(address))
        assert "Transmis par Claire Morel" in shown
        assert "Elle rappelle à 15 h." in shown
    [entry] = Entry.objects.filter(event=Event.DOCUMENT_HANDED_OVER)
    assert "15 h" not in str(entry.details)


def test_what_was_said_goes_with_the_decision(agent: Account, member: Member) -> None:
    [item], colleague = waiting(member), adviser(2)
    queue.take(agent=agent, item=item)
    queue.hand_over(agent=agent, item=item, to=colleague, words="Voir avec elle.")
    queue.take(agent=colleague, item=item)
    assert HandOver.objects.get().shown_words == "Voir avec elle."
    deciding.settle(deciding.accept(agent=colleague, item=item))
    assert not HandOver.objects.exists()


def test_handing_over_again_says_the_new_word_and_giving_back_says_none(
    agent: Account, member: Member
) -> None:
    [item], colleague = waiting(member), adviser(2)
    queue.take(agent=agent, item=item)
    queue.hand_over(agent=agent, item=item, to=colleague, words="Un.")
    queue.take(agent=colleague, item=item)
    queue.hand_over(agent=colleague, item=item, to=agent, words="Deux.")
    assert HandOver.objects.get().shown_words == "Deux."
    queue.take(agent=agent, item=item)
    queue.give_back(agent=agent, item=item)
    assert not HandOver.objects.exists()
    assert queue.take_next(agent=colleague) == item


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (-3, -1, EndsInThePast),
        (2, 1, EndsBeforeItBegins),
        (1, 400, EndsTooLate),
        (0, 9, AwayAlready),
        (5, 5, AwayAlready),
    ],
)
def test_days_that_cannot_be_are_refused(
    agent: Account, first: int, last: int, refusal: type[AbsenceRefused]
) -> None:
    note_absence(by=agent, agent=agent, begins_on=TODAY + timedelta(3), ends_on=TODAY + timedelta(5))
    with pytest.raises(refusal):
        note_absence(by=agent, agent=agent, begins_on=_on(first), ends_on=_on(last))
    assert Absence.objects.count() == 1


def _on(day: int) -> date:
    return TODAY + timedelta(days=day)


def test_who_stands_in_treats_documents_and_is_another(agent: Account) -> None:
    for nobody in (agent, make_agent(Role.AUDITOR)):
        with pytest.raises(CannotStandIn):
            away(agent, nobody)


def test_an_agent_plans_their_own_absence_and_a_responsable_anybodys(agent: Account) -> None:
    colleague = adviser(2)
    with pytest.raises(AbsenceRefused):
        note_absence(by=agent, agent=colleague, begins_on=TODAY, ends_on=TODAY)
    supervisor = make_agent(Role.SUPERVISOR)
    absence = note_absence(by=supervisor, agent=colleague, begins_on=TODAY, ends_on=TODAY, substitute=agent)
    with pytest.raises(AbsenceRefused):
        end_absence(by=agent, absence=absence)
    end_absence(by=colleague, absence=absence)
    assert [(entry.event, entry.actor) for entry in Entry.objects.chain(colleague.subject)] == [
        (Event.ABSENCE_PLANNED, supervisor.actor),
        (Event.ABSENCE_ENDED, colleague.actor),
    ]


def test_the_page_notes_an_absence_shows_it_and_ends_it(agent: Account, words: Words) -> None:
    colleague, desk = make_agent(Role.SUPERVISOR), signed_in(agent)
    assert "Aucune absence" in words(desk.get("/gestion/absences/"))
    wanted = {"begins_on": "2026-11-23", "ends_on": "2026-11-27", "substitute": str(colleague.pk)}
    assert "Absence notée." in words(desk.post("/gestion/absences/", wanted, follow=True))
    assert "Vous êtes noté absent" in words(desk.get("/gestion/"))
    assert "Vous remplacez Claire Morel" in words(signed_in(colleague).get("/gestion/"))
    refused = desk.post("/gestion/absences/", wanted)
    assert "Une absence est déjà notée" in words(refused)
    [absence] = Absence.objects.all()
    assert (absence.account, absence.substitute) == (agent, colleague)
    desk.post(f"/gestion/absences/{absence.pk}/fin/")
    assert not Absence.objects.exists()


def test_an_adviser_cannot_note_anothers_absence_through_the_form(agent: Account) -> None:
    colleague, desk = adviser(2), signed_in(agent)
    wanted = {"agent": str(colleague.pk), "begins_on": "2026-11-23", "ends_on": "2026-11-27"}
    desk.post("/gestion/absences/", wanted)
    assert not Absence.objects.filter(account=colleague).exists()


def test_a_responsable_sees_and_notes_everybodys(agent: Account, member: Member, words: Words) -> None:
    [item] = waiting(member)
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    wanted = {"agent": str(agent.pk), "begins_on": "2026-11-23", "ends_on": "2026-11-27"}
    assert "Claire Morel" in words(supervisor.post("/gestion/absences/", wanted, follow=True))
    assert "du 23/11/2026 au 27/11/2026" in words(supervisor.get(f"/gestion/agents/{agent.pk}/"))
    assert "Claire Morel (absent jusqu’au 27/11/2026)" in words(
        supervisor.get(f"/gestion/traiter/{item.document_id}/attribuer/")
    )


def test_what_only_the_absent_treat_is_said_to_the_responsable(agent: Account, member: Member) -> None:
    other = adviser(2)
    for account, kind in ((agent, "rib"), (other, "devis")):
        account.last_sign_in_at = MONDAY
        account.save()
        set_specialty(
            agent=account, by=adviser(700 + account.pk, Role.ADMINISTRATOR), kinds=[kind], languages=[]
        )
    waiting(member, kind="rib")
    assert untreated() == []
    away(agent, other)
    assert [line.kind for line in untreated()] == ["rib"]
