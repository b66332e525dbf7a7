"""What the pages on messages show: read here, drawn by the templates. Nothing is written."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Prefetch, Q

from adherents.accounts.models import Account
from adherents.database.reader import from_reader
from adherents.members.intake.former_numbers import number_or_former
from adherents.members.models import Member
from adherents.messaging.finding import ThreadPlace, ThreadsWanted
from adherents.messaging.models import Attachment, Message, MessageQuerySet, Thread, ThreadQuerySet

OF_A_MEMBER = 8
FOUND_A_PAGE = 50
VIEWS = ("unanswered", "mine", "unassigned", "all", "closed")


def conversation(messages: MessageQuerySet) -> list[Message]:
    """In order, each with its attachments. Two queries."""
    attachments = Attachment.objects.select_related("document__deposit").defer("document__wrapped_key")
    return list(messages.in_order().prefetch_related(Prefetch("attachments", attachments)))


def threads_after(*, after: tuple[datetime, uuid.UUID] | None, limit: int, member: str = "") -> list[Thread]:
    """The next `limit` threads in the order in which they were opened; `member`: only of the one with this number."""
    rows = Thread.objects.select_related("member")
    if member:
        rows = rows.filter(member__number=number_or_former(member))
    if after is not None:
        at, pk = after
        # The first condition leads through the index; the second is exact.
        rows = rows.filter(opened_at__gte=at).filter(Q(opened_at__gt=at) | Q(pk__gt=pk))
    return list(rows.order_by("opened_at", "pk")[:limit])


def last_of(messages: Sequence[Message]) -> int:
    """The id of the last of these messages: a person who has them on the screen has read up to it. 0 for none."""
    return max((message.pk for message in messages), default=0)


def inbox(agent: Account, view: str) -> ThreadQuerySet:
    """The threads of one of the `VIEWS`."""
    threads = Thread.objects.select_related("member", "agent")
    if view == "closed":
        return threads.closed().order_by("-closed_at", "pk")
    narrowed = {
        "unanswered": threads.to_answer_by(agent),
        "mine": threads.still_open().followed_by(agent),
        "unassigned": threads.still_open().without_an_agent(),
        "all": threads.still_open(),
    }
    return narrowed[view].as_they_should_be_answered()


@from_reader
def find(
    wanted: ThreadsWanted, *, after: ThreadPlace | None = None
) -> tuple[list[Thread], ThreadPlace | None]:
    """A page of the threads that are wanted, the latest first, and where the next page begins, if there is one.

    Read through an index from where the last page ended: as fast at the end as at the beginning.
    """
    rows = Thread.objects.select_related("member", "agent")
    if wanted.members:
        rows = rows.filter(member__in=wanted.members)
    if wanted.state:
        rows = rows.in_state(wanted.state)
    if wanted.agent:
        rows = rows.filter(agent=wanted.agent)
    if wanted.kind:
        rows = rows.about_kind(wanted.kind)
    if wanted.answered_by:
        rows = rows.answered_by(wanted.answered_by)
    if wanted.since:
        rows = rows.filter(last_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(last_at__lt=wanted.until)
    if after is not None:
        rows = rows.filter(last_at__lte=after.at).filter(Q(last_at__lt=after.at) | Q(pk__gt=after.thread))
    shown = list(rows.order_by("-last_at", "pk")[: FOUND_A_PAGE + 1])
    more = len(shown) > FOUND_A_PAGE
    shown = shown[:FOUND_A_PAGE]
    return shown, ThreadPlace(shown[-1].last_at, shown[-1].pk) if more else None


def counts(agent: Account) -> dict[str, int]:
    """How many threads each of the open `VIEWS` has. One query."""
    threads = Thread.objects.still_open()
    nobodys = Q(agent__isnull=True) | Q(agent__closed_at__isnull=False)
    waits = Q(waits_since__isnull=False) | Q(unread_by_service=True)
    totals = threads.aggregate(
        to_answer=Count("pk", filter=(nobodys | Q(agent=agent)) & waits),
        mine=Count("pk", filter=Q(agent=agent)),
        nobodys=Count("pk", filter=nobodys),
        every=Count("pk"),
    )
    keys = ("to_answer", "mine", "nobodys", "every")
    return dict(zip(VIEWS, (totals[key] for key in keys), strict=False))


def to_answer(agent: Account) -> int:
    """In how many threads something waits for this agent."""
    return Thread.objects.to_answer_by(agent).count()


def of_member(member: Member) -> list[Thread]:
    """A member's latest threads, for their file."""
    return list(Thread.objects.of(member).select_related("agent")[:OF_A_MEMBER])
