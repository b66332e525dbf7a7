"""What the pages on messages show: read here, drawn by the templates. Nothing is written."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from adherents.accounts.models import Account
from adherents.database.reader import from_reader
from adherents.members.intake.former_numbers import number_or_former
from adherents.members.models import Member
from adherents.messaging.finding import ThreadPlace, ThreadsWanted
from adherents.messaging.models import (
    Attachment,
    Circular,
    CircularCopy,
    Message,
    MessageQuerySet,
    Thread,
    ThreadQuerySet,
)

OF_A_MEMBER = 8
FOUND_A_PAGE = 50
NUMBERS_AT_ONCE = 500
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


@dataclass(frozen=True)
class Recipients:
    """Whom a list of numbers means: `members` can be written to, each once; the others cannot, and why.

    `english`: how many of the members read the portal in English.
    """

    members: list[Member]
    unknown: list[str]
    ended: list[str]
    without_account: list[str]
    twice: int
    english: int

    @property
    def count(self) -> int:
        return len(self.members)

    @property
    def is_whole(self) -> bool:
        """Whether every number that was given can be written to."""
        return not (self.unknown or self.ended or self.without_account)


def recipients(numbers: Sequence[str]) -> Recipients:
    """Three queries at most for a thousand numbers, in the order in which they were given."""
    asked = list(dict.fromkeys(numbers))
    found: dict[str, Member] = {}
    here: set[int] = set()
    for begin in range(0, len(asked), NUMBERS_AT_ONCE):
        some = asked[begin : begin + NUMBERS_AT_ONCE]
        rows = Member.objects.filter(number__in=some)
        found |= {member.number: member for member in rows.select_related("account").defer("nir")}
        here |= set(rows.present().values_list("pk", flat=True))
    known = [found[number] for number in asked if number in found]
    ended = [member for member in known if member.pk not in here]
    present = [member for member in known if member.pk in here]
    members = [member for member in present if member.account and member.account.closed_at is None]
    return Recipients(
        members=members,
        unknown=[number for number in asked if number not in found],
        ended=[member.number for member in ended],
        without_account=[
            member.number for member in present if member.account is None or member.account.closed_at
        ],
        twice=len(numbers) - len(asked),
        english=sum(member.account is not None and member.account.language == "en" for member in members),
    )


def circulars(limit: int = 20) -> list[Circular]:
    """The latest circulars, each with its agent."""
    return list(Circular.objects.latest_first().select_related("agent")[:limit])


@dataclass(frozen=True)
class CircularState:
    """How far a circular is."""

    sent: int
    left: int
    left_out: int


def state_of(circular: Circular) -> CircularState:
    """One query."""
    totals = circular.copies.aggregate(
        sent=Count("pk", filter=Q(sent_at__isnull=False)), left_out=Count("pk", filter=Q(left_out=True))
    )
    left = circular.count - totals["sent"] - totals["left_out"]
    return CircularState(totals["sent"], left, totals["left_out"])


def copies_of(circular: Circular) -> QuerySet[CircularCopy]:
    """Each with its member and its thread, by number."""
    rows: QuerySet[CircularCopy] = circular.copies.select_related("member", "thread").defer("member__nir")
    return rows.order_by("member__number", "pk")
