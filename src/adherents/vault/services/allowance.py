"""How much one member may send: files and bytes, in a day and in all (`[documents.room]` of the profile).

Files that wait or are on their way count together with those in the vault. The insurer's deposits do not count. What an agent
attaches to messages counts for the agent, whose day has the same bounds, and for no member. An erased file
counts only for the day on which it came. The count is taken under the member's lock where rows are made, so that twenty
requests at once never pass the bound.
"""

from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document, PendingFile
from adherents.vault.origins import Origin
from adherents.vault.refusals import FileRefusal

MEGABYTE = 1 << 20
NO_BOUND = 1 << 60

# Written by hand: it runs twice for each file that arrives; the ORM took 8 ms to write it, the database 0.1 ms to run it.
TAKEN = """
SELECT COALESCE(SUM(CASE WHEN at >= %(midnight)s THEN files ELSE 0 END), 0),
       COALESCE(SUM(CASE WHEN at >= %(midnight)s THEN octets ELSE 0 END), 0),
       COALESCE(SUM(CASE WHEN kept THEN files ELSE 0 END), 0),
       COALESCE(SUM(CASE WHEN kept THEN octets ELSE 0 END), 0)
FROM (
    SELECT at, size AS octets, erased_at IS NULL AS kept,
           CASE WHEN photo_count > 0 THEN photo_count ELSE 1 END AS files
    FROM vault_document WHERE member_id = %(member)s AND origin NOT IN (%(insurer)s, %(answer)s)
          AND part_of_id IS NULL AND joined_count = 0
    UNION ALL
    SELECT document.at, photo.size, document.erased_at IS NULL, 0
    FROM vault_gatheredphoto AS photo JOIN vault_document AS document ON document.id = photo.document_id
    WHERE document.member_id = %(member)s
    UNION ALL
    SELECT at, size, 1 = 1, 1 FROM vault_pendingfile WHERE member_id = %(member)s
    UNION ALL
    SELECT at, length, 1 = 1, 1 FROM vault_upload WHERE member_id = %(member)s AND expires_at > %(now)s
) AS taken
"""


@dataclass(slots=True)
class RoomLeft:
    """What may still come: files and bytes, until midnight and in all."""

    files_today: int
    octets_today: int
    files: int
    octets: int

    def refusal_of(self, octets: int = 0) -> FileRefusal | None:
        """Why a file of this many bytes (`octets`) is refused; None: it may enter."""
        if self.files < 1 or octets > self.octets:
            return FileRefusal.FULL
        if self.files_today < 1 or octets > self.octets_today:
            return FileRefusal.FULL_TODAY
        return None

    def refused(self, octets: int) -> FileRefusal | None:
        """As `refusal_of`; a file that may enter takes its room."""
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
    """What a page says before a file is chosen: the profile's bounds, and what is left of them when it is little."""

    files_a_day: int
    octets_a_day: int
    files: int
    octets: int
    left: RoomLeft

    @property
    def is_little(self) -> bool:
        """Whether less is left than one sending may take."""
        documents = profile().documents
        return (
            self.left.files_now < documents.max_files
            or self.left.octets_now < documents.max_files * documents.max_file_mb * MEGABYTE
        )

    @property
    def refusal(self) -> FileRefusal | None:
        """Why no file at all may enter; None: one may."""
        return self.left.refusal_of(1)


class NoRoom(Exception):
    """There is no more room, and no file entered. `reason.label` says why, to the member."""

    def __init__(self, reason: FileRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def allowance_of(member: Member) -> Allowance:
    """What the pages that send say of a member's room."""
    room = profile().documents.room
    # Round numbers are easy to read; the bound itself is a little higher.
    a_day, in_all = room.mb_a_day * 1_000_000, room.mb * 1_000_000
    return Allowance(room.files_a_day, a_day, room.files, in_all, room_of(member))


def room_of(member: Member) -> RoomLeft:
    """What a member may still send now. One query, with an indexed sum over each table of the member's files."""
    bounds = profile().documents.room
    room = RoomLeft(bounds.files_a_day, bounds.mb_a_day * MEGABYTE, bounds.files, bounds.mb * MEGABYTE)
    midnight = _midnight()
    stored = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            TAKEN,
            {
                "member": member.pk,
                "insurer": Origin.INSURER.value,
                "answer": Origin.ANSWER.value,
                "midnight": stored(midnight),
                "now": stored(timezone.now()),
            },
        )
        files_today, octets_today, files, octets = map(int, cursor.fetchone())
    room.less(files_today=files_today, octets_today=octets_today, files=files, octets=octets)
    return room


def room_of_agent(agent: Account) -> RoomLeft:
    """What an agent may still attach to messages today, to all members together. Two queries, each through an index."""
    bounds = profile().documents.room
    room = RoomLeft(bounds.files_a_day, bounds.mb_a_day * MEGABYTE, NO_BOUND, NO_BOUND)
    attached = Document.objects.filter(
        origin=Origin.ANSWER, deposit__entered_by=agent, deposit__at__gte=_midnight()
    )
    waiting = PendingFile.objects.filter(sending__agent=agent, at__gte=_midnight())
    for files in (attached, waiting):
        taken = files.order_by().aggregate(files=Count("pk"), octets=Sum("size"))
        room.less(files_today=taken["files"], octets_today=taken["octets"] or 0, files=0, octets=0)
    return room


def _midnight() -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
