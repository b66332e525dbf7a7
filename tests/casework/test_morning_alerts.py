"""The mail of the morning: to whom, when, what it says, and that it comes once."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services.acts import ActRefused
from adherents.casework import mails
from adherents.casework.models import Item, MorningAlert
from adherents.casework.services import morning_alerts
from adherents.casework.services.morning_alerts import choose, tell_due
from adherents.desk.models import Absence
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from adherents.members.models import Member
from adherents.work.registry import SWEEPS
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.casework.test_treating import Words

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
PAGE = "/gestion/alerte-du-matin/"
SIX = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # a Tuesday, six o'clock in Paris
EIGHT, TODAY = SIX + timedelta(hours=2), SIX.date()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(SIX, tick=False) as travelled:
        yield travelled


@pytest.fixture
def head() -> Account:
    """A responsable who chose it yesterday."""
    head = make_agent(Role.SUPERVISOR)
    choose(agent=head, wanted=True)
    return head


def due(member: Member, count: int = 1, *, kind: str = "rib", on: date = TODAY) -> None:
    keys = [item.pk for item in waiting(member, count, kind=kind)]
    Item.objects.filter(pk__in=keys).update(due_on=on)


def posted() -> list[OutboxMail]:
    return list(OutboxMail.objects.filter(name="casework/morning_alert").order_by("created_at"))


@any_database
def test_at_the_hour_it_says_how_many_of_each_kind_and_leads_to_them(
    head: Account, member: Member, clock: time_machine.Traveller
) -> None:
    due(member, 2)
    due(member, kind="devis")
    due(member, 4, on=TODAY - timedelta(days=1))
    due(member, 4, on=TODAY + timedelta(days=1))
    clock.move_to(EIGHT - timedelta(seconds=1))
    assert (tell_due(), posted()) == (0, [])
    clock.move_to(EIGHT)
    assert (tell_due(), tell_due()) == (1, 0)
    [mail] = posted()
    assert (mail.recipient, mail.language, mail.urgent) == (head.email, "fr", False)
    told = json.loads(mail.context)
    assert told["lines"] == [{"kind": "RIB", "count": "2"}, {"kind": "Devis", "count": "1"}]
    assert told["link"].endswith("/gestion/?age=today&extent=all")
    for said in (mail.context, *render(mail.name, language="fr", context=told)):
        for private in (
            member.number,
            member.name,
            *member.documents.values_list("deposit__number", flat=True),
        ):
            assert private not in said
    subject, text, _html = render(mail.name, language="fr", context=told)
    assert subject == "3 documents dépasseront leur délai demain"
    assert "- RIB\N{NO-BREAK SPACE}: 2\n- Devis\N{NO-BREAK SPACE}: 1" in text
    assert (
        signed_in(head).get(told["link"].removeprefix("http://testserver")).context["page"].paginator.count
        == 3
    )


def test_it_is_in_the_agents_own_language(
    head: Account, member: Member, clock: time_machine.Traveller
) -> None:
    Account.objects.filter(pk=head.pk).update(language="en")
    due(member, kind="devis")
    clock.move_to(EIGHT)
    tell_due()
    [mail] = posted()
    subject, text, _html = render(mail.name, language=mail.language, context=json.loads(mail.context))
    assert subject == "1 document will be late tomorrow"
    assert "- Quote: 1" in text


def test_one_a_day_whatever_comes_later_and_the_next_one_on_the_next_working_day(
    head: Account, member: Member, clock: time_machine.Traveller
) -> None:
    due(member)
    clock.move_to(EIGHT)
    tell_due()
    due(member)
    clock.move_to(EIGHT + timedelta(hours=5))
    assert tell_due() == 0
    choose(agent=head, wanted=False)
    choose(agent=head, wanted=True)
    assert tell_due() == 0  # who says no and then yes has no second one
    assert len(posted()) == 1
    saturday = EIGHT + timedelta(days=4)
    for moment, count in (
        (saturday, 1),
        (saturday + timedelta(days=1), 1),
        (saturday + timedelta(days=2), 2),
    ):
        clock.move_to(moment)
        Item.objects.update(due_on=moment.date())
        tell_due()
        assert len(posted()) == count


def test_none_where_nothing_breaks_and_none_later_that_day(
    head: Account, member: Member, clock: time_machine.Traveller
) -> None:
    due(member, on=TODAY + timedelta(days=1))
    clock.move_to(EIGHT)
    assert tell_due() == 1
    Item.objects.update(due_on=TODAY)
    assert tell_due() == 0
    assert posted() == []


def test_none_on_a_holiday(head: Account, member: Member, clock: time_machine.Traveller) -> None:
    christmas = datetime(2026, 12, 25, 9, tzinfo=UTC)  # a Friday
    due(member, on=christmas.date())
    clock.move_to(christmas)
    assert (tell_due(), posted()) == (0, [])


def test_none_to_the_suspended_the_absent_and_who_leads_no_more(
    member: Member, clock: time_machine.Traveller
) -> None:
    suspended, away, moved, present = (adviser(rank, Role.SUPERVISOR) for rank in range(4))
    for head in (suspended, away, moved, present):
        choose(agent=head, wanted=True)
    Account.objects.filter(pk=suspended.pk).update(closed_at=timezone.now())
    Account.objects.filter(pk=moved.pk).update(role=Role.ADVISER)
    Absence.objects.create(account=away, begins_on=TODAY, ends_on=TODAY)
    due(member)
    clock.move_to(EIGHT)
    assert tell_due() == 1
    assert [mail.recipient for mail in posted()] == [present.email]
    # Back in the afternoon: that is none of the morning any more, and tomorrow's is the next.
    Absence.objects.all().delete()
    Account.objects.filter(pk=suspended.pk).update(closed_at=None)
    clock.move_to(EIGHT + timedelta(hours=9))
    assert tell_due() == 0
    clock.move_to(EIGHT + timedelta(days=1))
    Item.objects.update(due_on=TODAY + timedelta(days=1))
    assert tell_due() == 3


def test_who_is_suspended_once_the_round_began_has_none(
    head: Account, member: Member, clock: time_machine.Traveller
) -> None:
    due(member)
    clock.move_to(EIGHT)
    alert = MorningAlert.objects.select_related("account").get()
    Account.objects.filter(pk=head.pk).update(closed_at=timezone.now())
    assert not morning_alerts._tell(alert, {"rib": 1}, TODAY)
    assert posted() == []


def test_a_round_that_dies_posts_nothing_and_the_next_one_posts_it(
    head: Account, member: Member, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(member)
    clock.move_to(EIGHT)
    real = mails.morning_alert

    def dies(*about: Any) -> None:
        real(*about)
        raise OperationalError("the worker is killed")

    with monkeypatch.context() as patched:
        patched.setattr(mails, "morning_alert", dies)
        with pytest.raises(OperationalError):
            tell_due()
    assert posted() == []
    assert tell_due() == 1
    assert len(posted()) == 1


def test_a_worker_looks_each_minute() -> None:
    assert SWEEPS["casework.morning_alerts"].every == 60


@any_database
def test_a_responsable_chooses_on_a_page_and_nobody_else_does(
    member: Member, clock: time_machine.Traveller, words: Words
) -> None:
    head = make_agent(Role.SUPERVISOR)
    browser: Client = signed_in(head)
    assert 'href="/gestion/alerte-du-matin/"' in browser.get("/gestion/repartition/").content.decode()
    due(member)
    assert 'href="/gestion/alerte-du-matin/"' in browser.get("/gestion/").content.decode()
    before = Entry.objects.count()
    assert "Vous ne le recevez pas." in words(browser.get(PAGE))
    said = words(browser.post(PAGE, {"wanted": "1"}, follow=True))
    assert "Vous recevrez l’alerte du matin." in said
    assert "Vous le recevez." in said
    assert [alert.account for alert in MorningAlert.objects.all()] == [head]
    browser.post(PAGE, {"wanted": "1"})
    assert "Vous ne recevez plus l’alerte du matin." in words(browser.post(PAGE, {"wanted": ""}, follow=True))
    assert not MorningAlert.objects.exists()
    assert Entry.objects.count() == before
    with pytest.raises(ActRefused):
        choose(agent=make_agent(), wanted=True)


def test_chosen_after_the_hour_it_begins_tomorrow(member: Member, clock: time_machine.Traveller) -> None:
    clock.move_to(EIGHT)
    due(member)
    choose(agent=make_agent(Role.SUPERVISOR), wanted=True)
    assert tell_due() == 0
    clock.move_to(EIGHT + timedelta(days=1))
    Item.objects.update(due_on=TODAY + timedelta(days=1))
    assert tell_due() == 1
