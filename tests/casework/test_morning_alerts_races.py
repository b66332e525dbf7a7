"""The mail of the morning on a real PostgreSQL: workers at once, and an agent who changes their mind meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
import time_machine

from adherents.accounts.models import Role
from adherents.casework.models import Item, MorningAlert
from adherents.casework.services.morning_alerts import choose, tell_due
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from tests.at_once import at_once
from tests.casework.queueing import adviser, waiting
from tests.casework.test_morning_alerts import EIGHT

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EIGHT, tick=False) as travelled:
        yield travelled


def mornings(member: Member, count: int) -> Iterator[int]:
    """Each a day on which something breaks; how many mails there were before it."""
    waiting(member)
    for turn in range(count):
        Item.objects.update(due_on=EIGHT.date() + timedelta(days=turn))
        MorningAlert.objects.update(told_on=None)
        OutboxMail.objects.all().delete()
        yield turn


def test_many_workers_at_once_post_one_mail_for_each(member: Member, clock: time_machine.Traveller) -> None:
    heads = [adviser(rank, Role.SUPERVISOR) for rank in range(4)]
    MorningAlert.objects.bulk_create(MorningAlert(account=head) for head in heads)
    for _turn in mornings(member, 1):
        for _again in range(10):
            MorningAlert.objects.update(told_on=None)
            OutboxMail.objects.all().delete()
            assert sum(map(int, map(str, at_once([tell_due] * 8)))) == len(heads)
            assert sorted(mail.recipient for mail in OutboxMail.objects.all()) == sorted(
                head.email for head in heads
            )


def test_who_says_no_meanwhile_has_one_or_none_and_keeps_no_wish(member: Member) -> None:
    head = adviser(1, Role.SUPERVISOR)
    for _turn in mornings(member, 1):
        for _again in range(10):
            MorningAlert.objects.get_or_create(account=head)
            MorningAlert.objects.update(told_on=None)
            OutboxMail.objects.all().delete()
            at_once([tell_due, partial(choose, agent=head, wanted=False), tell_due])
            assert OutboxMail.objects.count() <= 1
            assert not MorningAlert.objects.exists()


def test_two_tabs_make_one_wish() -> None:
    head = adviser(1, Role.SUPERVISOR)
    for _again in range(5):
        assert at_once([partial(choose, agent=head, wanted=True)] * 6) == [None] * 6
        assert MorningAlert.objects.count() == 1
        MorningAlert.objects.all().delete()
