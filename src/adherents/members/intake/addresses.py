"""Which addresses of the file replace the register's, and which were only true once.

The file of the core system goes on naming what it knows. Where an agent or the member gave another address, only one that
the register never had for this member is news; an older one, or none, changes nothing, however often the file alternates.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from adherents.crypto.rows import readable
from adherents.database.transactions import needs_transaction
from adherents.members.intake.staging import Staging, until_commit
from adherents.members.models import FormerAddress, Member

_MEMBER = Member._meta.db_table
_CHANGES = "intake_address_changes"
_STANDING = "intake_address_standing"
_AT_ONCE = 2000


class _Change(NamedTuple):
    """A member with another address in the file than before. Addresses are in the register's writing."""

    member_id: int
    email: str
    chosen: bool
    before: str
    now: str


@needs_transaction
def note(staging: Staging) -> None:
    """Before the lines are applied: remember what they replace, and note whose address stands against them.

    In constant memory. Must be called in the transaction that applies them.
    """
    with connection.cursor() as cursor:
        for table in (_CHANGES, _STANDING):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_STANDING}{until_commit()} AS SELECT id, email, email_key, email_bounced_at "  # noqa: S608
            f"FROM {_MEMBER} WHERE 1 = 0"
        )
        cursor.execute(
            f"CREATE TEMPORARY TABLE {_CHANGES} (member_id bigint PRIMARY KEY, "
            f"email varchar(254), chosen boolean, before varchar(254), now varchar(254)){until_commit()}"
        )
        cursor.execute(
            f"INSERT INTO {_CHANGES} SELECT m.id, m.email, m.email_chosen_at IS NOT NULL, "  # noqa: S608
            f"m.email_in_file, r.email FROM {staging.rows} r JOIN {_MEMBER} m ON m.number = r.number "
            "WHERE r.email <> m.email_in_file"
        )
    last = 0
    while some := _next(last):
        _note(some)
        last = some[-1].member_id


def restore() -> None:
    """After the lines were applied: the addresses that stand are there again, the others are the file's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_MEMBER} SET email = s.email, email_key = s.email_key, "  # noqa: S608
            f"email_bounced_at = s.email_bounced_at FROM {_STANDING} s WHERE s.id = {_MEMBER}.id"
        )
        cursor.execute(
            f"UPDATE {_MEMBER} SET email_chosen_at = NULL WHERE email_chosen_at IS NOT NULL "  # noqa: S608
            f"AND id IN (SELECT member_id FROM {_CHANGES}) AND id NOT IN (SELECT id FROM {_STANDING})"
        )


def _next(last: int) -> list[_Change]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT member_id, email, chosen, before, now FROM {_CHANGES} "  # noqa: S608
            "WHERE member_id > %s ORDER BY member_id LIMIT %s",
            [last, _AT_ONCE],
        )
        return [_Change(*row) for row in cursor.fetchall()]


def _note(changes: Iterable[_Change]) -> None:
    had: defaultdict[int, set[str]] = defaultdict(set)
    former = FormerAddress.objects.filter(member__in=[change.member_id for change in changes])
    for row in former:
        had[row.member_id].add(readable(row, "address").lower())
    remembered, standing = [], []
    for change in changes:
        known = had[change.member_id]
        if change.before and change.before.lower() not in known:
            remembered.append(FormerAddress(member_id=change.member_id, address=change.before))
        known |= {change.before.lower(), change.email.lower(), ""}
        if change.chosen and change.now.lower() in known:
            standing.append(change.member_id)
    FormerAddress.objects.bulk_create(remembered)
    if standing:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {_STANDING} SELECT id, email, email_key, email_bounced_at FROM {_MEMBER} "  # noqa: S608
                f"WHERE id IN ({', '.join(['%s'] * len(standing))})",
                standing,
            )
