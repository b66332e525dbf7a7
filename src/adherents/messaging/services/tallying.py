"""Counting conversations as members begin them and as agents first answer, and counting them all again.

A conversation is opened when its member first writes in it: one that the service began asks nothing until then. It is answered
when the service first writes after that.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Subquery
from django.utils import timezone

from adherents.accounts.models import SYSTEMS, Role
from adherents.database.transactions import needs_transaction
from adherents.desk.figures.sections import recount
from adherents.desk.figures.services import Cell, add_to_tally, hold_back_tallies
from adherents.desk.figures.waits import monday_of, wait_column
from adherents.insurer.calendar import beginning_of
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.messaging.models import Message, MessageDayTally, MessageQuerySet, MessageTally, Thread


class MessageFacts(NamedTuple):
    """All that is counted of a message. `asked_at`: of a first answer, when the member first wrote; None: it is that message."""

    at: datetime
    kind: str
    team: str = ""
    asked_at: datetime | None = None


@needs_transaction
def count_opened(message: Message) -> None:
    """Count a member's message if it is their first in its thread, in the caller's transaction. Call it last."""
    if not _by_member(message.thread).filter(pk__lt=message.pk).exists():
        _count(MessageFacts(message.at, _kind_of(message.thread)))


@needs_transaction
def count_answered(message: Message) -> None:
    """Count a message of the service if it is the first answer to the member's first, in the caller's transaction. Call it last.

    The agent's group was kept with it.
    """
    asked = _by_member(message.thread).order_by("pk").first()
    if asked is None:
        return
    before = _answers().filter(thread=message.thread, pk__gt=asked.pk, pk__lt=message.pk)
    if not before.exists():
        _count(MessageFacts(message.at, _kind_of(message.thread), message.team or "", asked.at))


@recount("conversation event(s)")
def rebuild() -> Iterator[tuple[date, int]]:
    """Count the first messages and the first answers again, week by week; yields each Monday and how many it has.

    Only the weeks of which no conversation was erased: what is counted of the others cannot be found again. A week at a time,
    each in a transaction of its own, as `casework.services.tallying.rebuild`. The kind is that of the document now.
    """
    for monday in _weeks():
        with transaction.atomic():
            hold_back_tallies(MessageTally, MessageDayTally)
            number = _rebuild_week(monday)
        yield monday, number


def _weeks() -> Iterator[date]:
    spans = [
        *map(_day, Message.objects.aggregate(first=Min("at"), last=Max("at")).values()),
        *MessageTally.objects.aggregate(first=Min("week"), last=Max("week")).values(),
        *MessageDayTally.objects.aggregate(first=Min("counted_on"), last=Max("counted_on")).values(),
    ]
    days = [day for day in spans if day is not None]
    if not days:
        return
    monday = max(monday_of(min(days)), _whole_since() or date.min)
    while monday <= max(days):
        yield monday
        monday += timedelta(days=7)


def _whole_since() -> date | None:
    """The first Monday from which on no conversation was erased; None: none ever was.

    They are erased in the order in which they were closed, and what is written in one comes before its closing.
    """
    erased = Entry.objects.filter(event=Event.THREAD_ERASED)
    last_erased = erased.aggregate(at=Max("at"))["at"]
    if last_erased is None:
        return None
    oldest_closed = Thread.objects.closed().aggregate(at=Min("closed_at"))["at"]
    return monday_of(timezone.localdate(oldest_closed or last_erased)) + timedelta(days=7)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else timezone.localdate(moment)


def _rebuild_week(monday: date) -> int:
    begin, end = beginning_of(monday), beginning_of(monday + timedelta(days=7))
    weeks: dict[Cell, Counter[str]] = {}
    days: dict[Cell, Counter[str]] = {}
    number = 0
    for facts in (*_opened(begin, end), *_answered(begin, end)):
        week, day, columns = _cells(facts)
        weeks.setdefault(week, Counter()).update(columns)
        days.setdefault(day, Counter()).update(columns[:1])
        number += 1
    MessageTally.objects.filter(week=monday).delete()
    MessageTally.objects.bulk_create(MessageTally(**dict(cell), **columns) for cell, columns in weeks.items())
    MessageDayTally.objects.filter(counted_on__range=(monday, monday + timedelta(days=6))).delete()
    MessageDayTally.objects.bulk_create(
        MessageDayTally(**dict(cell), **columns) for cell, columns in days.items()
    )
    return number


def _opened(begin: datetime, end: datetime) -> Iterable[MessageFacts]:
    earlier = Message.objects.filter(thread=OuterRef("thread"), from_member=True, pk__lt=OuterRef("pk"))
    first = Message.objects.filter(~Exists(earlier), from_member=True, at__gte=begin, at__lt=end)
    for at, kind in first.values_list("at", "thread__document__kind"):
        yield MessageFacts(at, kind or "")


def _answered(begin: datetime, end: datetime) -> Iterable[MessageFacts]:
    asked = Message.objects.filter(thread=OuterRef("thread"), from_member=True).order_by("pk")
    before = _answers().filter(thread=OuterRef("thread"), pk__gt=OuterRef("asked_pk"), pk__lt=OuterRef("pk"))
    first = (
        _answers()
        .filter(at__gte=begin, at__lt=end)
        .annotate(asked_pk=Subquery(asked.values("pk")[:1]), asked_at=Subquery(asked.values("at")[:1]))
        .filter(~Exists(before), asked_pk__lt=F("pk"))
    )
    rows = first.values_list(
        "at", "thread__document__kind", "team", "author__team", "author__role", "asked_at"
    )
    for at, kind, team, team_now, role, asked_at in rows:
        now = SYSTEMS if role == Role.CLIENT else team_now
        yield MessageFacts(at, kind or "", now if team is None else team, asked_at)


def _by_member(thread: Thread) -> MessageQuerySet:
    return Message.objects.of(thread).filter(from_member=True)


def _answers() -> MessageQuerySet:
    return Message.objects.filter(from_member=False, internal=False)


def _kind_of(thread: Thread) -> str:
    return thread.document.kind if thread.document else ""


def _count(facts: MessageFacts) -> None:
    week, day, columns = _cells(facts)
    add_to_tally(MessageTally, week, columns)
    add_to_tally(MessageDayTally, day, columns[:1])


def _cells(facts: MessageFacts) -> tuple[Cell, Cell, list[str]]:
    """The week's cell, the day's, and the columns in which it counts one: of a day, the first."""
    day = timezone.localdate(facts.at)
    rest = ("kind", facts.kind), ("team", facts.team)
    columns = ["opened"]
    if facts.asked_at is not None:
        columns = ["answered", wait_column(facts.at - facts.asked_at)]
    return (("week", monday_of(day)), *rest), (("counted_on", day), *rest), columns
