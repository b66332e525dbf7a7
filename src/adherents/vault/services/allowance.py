"""How much one member may send: files and bytes, in a day and in all (`[documents.room]` of the profile).

What waits and what is on its way counts with what is in the vault; what the insurer deposits does not, nor what was erased, but
for the day on which it came. Counted under the member's lock where rows are made, so that twenty at once never pass the bound.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.content import Refusal
from adherents.vault.models import Arrival, Document, GatheredPhoto, Upload
from adherents.vault.origins import Origin

MEGABYTE = 1 << 20


@dataclass(slots=True)
class Room:
    """What may still come: files and bytes, until midnight and in all."""

    files_today: int
    octets_today: int
    files: int
    octets: int

    def refusal_of(self, octets: int = 0) -> Refusal | None:
        """Why a file of so many bytes does not enter, or nothing."""
        if self.files < 1 or octets > self.octets:
            return Refusal.FULL
        if self.files_today < 1 or octets > self.octets_today:
            return Refusal.FULL_TODAY
        return None

    def refused(self, octets: int) -> Refusal | None:
        """As `refusal_of`; a file that is not refused takes its room."""
        refusal = self.refusal_of(octets)
        if refusal is None:
            self.less(files_today=1, octets_today=octets, files=1, octets=octets)
        return refusal

    def less(self, *, files_today: int, octets_today: int, files: int, octets: int) -> None:
        self.files_today -= files_today
        self.octets_today -= octets_today
        self.files -= files
        self.octets -= octets

    @property
    def octets_now(self) -> int:
        """How many bytes may still come today."""
        return max(0, min(self.octets_today, self.octets))

    @property
    def files_now(self) -> int:
        return max(0, min(self.files_today, self.files))


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a page says before anything is chosen: the profile's bounds, and what is left where it is little."""

    files_a_day: int
    octets_a_day: int
    files: int
    octets: int
    left: Room

    @property
    def is_little(self) -> bool:
        """Less is left than one sending may be."""
        documents = profile().documents
        return (
            self.left.files_now < documents.max_files
            or self.left.octets_now < documents.max_files * documents.max_file_mb * MEGABYTE
        )

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing more enters at all."""
        return self.left.refusal_of(1)


class NoRoom(Exception):
    """Nothing entered: there is no more room. `reason.label` says why, to the member."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def allowance_of(member: Member) -> Allowance:
    """For the pages that send."""
    room = profile().documents.room
    return Allowance(
        room.files_a_day, room.mb_a_day * MEGABYTE, room.files, room.mb * MEGABYTE, room_of(member)
    )


def locked_room_of(member: Member) -> Room:
    """As `room_of`, in the caller's transaction, which makes the rows that take it: two at once are counted in turn."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    return room_of(member)


def room_of(member: Member) -> Room:
    """What a member may still send, now: one query, with an indexed sum over each of what is theirs."""
    bounds = profile().documents.room
    today = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    room = Room(bounds.files_a_day, bounds.mb_a_day * MEGABYTE, bounds.files, bounds.mb * MEGABYTE)
    files = Case(When(photo_count__gt=0, then=F("photo_count")), default=Value(1))
    kept, waiting = _Kept(today, Q(erased_at__isnull=True)), _Kept(today, Q())
    of_photos = _Kept(today, Q(document__erased_at__isnull=True), at="document__at")
    sums = (
        kept.sums(Document.objects.filter(member=member).exclude(origin=Origin.INSURER), files, "size"),
        of_photos.sums(GatheredPhoto.objects.filter(document__member=member), Value(0), "size"),
        waiting.sums(Arrival.objects.filter(member=member), Value(1), "size"),
        waiting.sums(Upload.objects.of(member), Value(1), "length"),
    )
    for taken in sums[0].union(*sums[1:], all=True):
        room.less(**taken)
    return room


@dataclass(frozen=True, slots=True)
class _Kept:
    """Which rows count: those of today, and those that are kept."""

    today: datetime
    kept: Q
    at: str = "at"

    def sums(self, rows: QuerySet[Any], files: Case | Value, octets: str) -> QuerySet[Any, dict[str, int]]:
        """One row, or none where there is none."""
        today = Q(**{f"{self.at}__gte": self.today})
        one_row = rows.order_by().annotate(all_of_them=Value(1)).values("all_of_them")
        summed: QuerySet[Any, dict[str, int]] = one_row.annotate(
            files_today=Coalesce(Sum(files, filter=today), 0),
            octets_today=Coalesce(Sum(octets, filter=today), 0),
            files=Coalesce(Sum(files, filter=self.kept), 0),
            octets=Coalesce(Sum(octets, filter=self.kept), 0),
        ).values("files_today", "octets_today", "files", "octets")
        return summed
