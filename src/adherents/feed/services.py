"""Announcing what happened, and reading it in an order that never changes.

A row is written without a position, in the transaction of what it tells of. Once that is committed, a reader or the worker gives
it the next position, under one lock: so no row appears behind a position that somebody has read, however late it is committed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from adherents.database.transactions import needs_transaction
from adherents.feed.cursors import Cursor
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement, Epoch
from adherents.work import waking

Detail = str | int | bool | list[str]
KEPT_FOR = timedelta(days=30)
AT_ONCE = 5_000  # rows that are given positions in one transaction
_TABLE = Announcement._meta.db_table


class Why(StrEnum):
    """Why the feed cannot go on from a cursor."""

    RESTORED = "restored"
    FORGOTTEN = "forgotten"


class PositionGone(Exception):
    """What follows this cursor is not there any more. `start`: where to begin again, and miss nothing that is kept."""

    def __init__(self, why: Why, start: Cursor) -> None:
        super().__init__(why.value)
        self.why, self.start = why, start


@dataclass(frozen=True)
class FeedPage:
    """`next` is what to ask for next time; empty `items` mean that there is nothing new."""

    items: list[Announcement]
    next: Cursor


@needs_transaction
def announce(type: EventType, *, subject: str, owner: str = "", **data: Detail | list[str]) -> None:
    """Announce an event, in the caller's transaction. Same words as `journal.services.record`: `subject` and `owner` are the
    journal's (`document:<id>`, `member:12`); `data` are identifiers and codes.

    Call it after `record`, or under the lock of the row that it is about: who waits for the other one then announces after it,
    and the feed has the two in the order in which they happened.
    """
    whose = {"member": _path(owner)} if owner and owner != subject else {}
    row = Announcement(type=type.value, subject=_path(subject), data=whose | data)
    row.save(force_insert=True)
    waking.written([row], using=row._state.db)


@needs_transaction
def announce_all(type: EventType, *, found: str, parameters: Sequence[str | None] = ()) -> int:
    """Announce as many events as a question finds, in one statement and in the caller's transaction; how many.

    `found`: SQL that selects a subject (`member/12`) and its data (JSON as text). Its rows are locked by the caller.
    """
    columns = {field.name: field for field in Announcement._meta.concrete_fields}
    json_type = columns["data"].db_type(connection)
    uid = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (uid, type, at, subject, data) "  # noqa: S608 - the question is the caller's own
            f"SELECT {uid}, %s, %s, found.subject, CAST(found.data AS {json_type}) FROM ({found}) AS found",
            [type.value, connection.ops.adapt_datetimefield_value(timezone.now()), *parameters],
        )
        count = int(cursor.rowcount)
    if count:
        waking.written([Announcement(type=type.value)], using=None)
    return count


def _path(subject: str) -> str:
    """`document:<id>` is `document/<id>` to programs."""
    return subject.replace(":", "/", 1)


def read(*, after: str = "", limit: int = 100) -> FeedPage:
    """The events that follow a cursor; from the oldest that is kept, where it is empty. Whatever is committed by now is there.

    Raises `cursors.NotACursor` or `PositionGone`.
    """
    epoch = _epoch()
    position = _position_of(Cursor.read(after)) if after else oldest_position() - 1
    items = read_after(position, limit)
    if items and items[0].position != position + 1:  # the purge came in between
        raise PositionGone(Why.FORGOTTEN, Cursor(epoch.token, oldest_position() - 1))
    return FeedPage(items, Cursor(epoch.token, items[-1].position or 0 if items else position))


def read_after(position: int, limit: int) -> list[Announcement]:
    """The events after a position, what was committed just now among them: a reader does not depend on the worker."""
    rows = list(Announcement.objects.after(position)[:limit])
    if len(rows) < limit and give_positions():
        rows = list(Announcement.objects.after(position)[:limit])
    return rows


def give_positions(limit: int = AT_ONCE) -> int:
    """Give the next positions to what is committed and has none; how many were given.

    In the order in which the rows were written. Who waited for the lock sees what the other one gave: READ COMMITTED asks anew.
    """
    if not Announcement.objects.without_position().exists():
        return 0
    with transaction.atomic():
        epoch = Epoch.objects.select_for_update().get(pk=_epoch().pk)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {_TABLE} SET position = %s + placed.place FROM ("  # noqa: S608
                "SELECT id, row_number() OVER (ORDER BY id) AS place FROM "
                f"(SELECT id FROM {_TABLE} WHERE position IS NULL ORDER BY id LIMIT {limit:d}) AS waiting"
                f") AS placed WHERE {_TABLE}.id = placed.id",
                [epoch.last_position],
            )
            given = int(cursor.rowcount)
        epoch.last_position += given
        epoch.save(update_fields=["last_position"])
    return given


@needs_transaction
def begin_epoch() -> None:
    """After a restore, in the caller's transaction: no cursor of the lost portal leads to what other events took the place of."""
    last = Epoch.objects.select_for_update().order_by("-number").first()
    if last is not None:
        _make_epoch(last.number + 1, after=last.last_position)


def _epoch() -> Epoch:
    """The last one, made if there is none."""
    last = Epoch.objects.order_by("-number").first()
    if last is None:
        _make_epoch(1, after=0)
        last = Epoch.objects.get(number=1)
    return last


def _make_epoch(number: int, *, after: int) -> None:
    row = Epoch(number=number, token=secrets.token_hex(8), begins_after=after, last_position=after)
    Epoch.objects.bulk_create([row], ignore_conflicts=True)


def _position_of(cursor: Cursor) -> int:
    """Raises `PositionGone`."""
    epochs = list(Epoch.objects.order_by("number"))
    last = epochs[-1]
    place = next((index for index, epoch in enumerate(epochs) if epoch.token == cursor.epoch), None)
    if place is None:  # an epoch that this database never had, or no longer has
        raise PositionGone(Why.RESTORED, Cursor(last.token, last.begins_after))
    true_until = epochs[place + 1].begins_after if place + 1 < len(epochs) else last.last_position
    if cursor.position > true_until:
        raise PositionGone(Why.RESTORED, Cursor(last.token, true_until))
    if cursor.position + 1 < (oldest := oldest_position()):
        raise PositionGone(Why.FORGOTTEN, Cursor(last.token, oldest - 1))
    return cursor.position


def oldest_position() -> int:
    """The lowest position that is kept, or the next that will be given."""
    first = Announcement.objects.after(0).values_list("position", flat=True).first()
    return first or last_position() + 1


def last_position() -> int:
    """The highest that was given."""
    return Epoch.objects.aggregate(last=Max("last_position"))["last"] or 0


def position_at(moment: datetime) -> int:
    """The position before the first event that is kept and was announced at this moment or later."""
    young = Announcement.objects.after(0).filter(at__gte=moment)
    first = young.values_list("position", flat=True).first()
    return (first or last_position() + 1) - 1


def kept_from() -> int:
    """The position of the first event that is not old enough to be forgotten, whatever comes after it."""
    return position_at(timezone.now() - KEPT_FOR) + 1


def forget(before: int, limit: int) -> int:
    """Delete the oldest events before this position, `limit` at most; how many. What is left has no hole in it."""
    over = Announcement.objects.after(0).filter(position__lt=before)
    some = list(over.values_list("pk", flat=True)[:limit])
    return Announcement.objects.filter(pk__in=some).delete()[0]
