"""Where a file waits before it is applied: tables of its own, which go when the import ends.

`seen` has every key that the file names, `rows` the new and changed lines in full, NIR sealed. The file is
read into them without touching the register, so that the portal goes on working during the minutes that this
takes, and what is applied at the end is one statement a table. What one request brings waits in the same tables, temporary ones
of its transaction (`is_brief`): so the rules and the statements are the same for one person as for a million.

SQLite: temporary tables, in a file that has no name any more, so that nothing stays behind. PostgreSQL: unlogged tables, which
any connection sees. A temporary one is of one session, and a pooler in transaction mode gives each transaction another. One long
transaction would hold locks and keep VACUUM from its work for as long as the file is read. What a killed import leaves is dropped
by the first import that begins `LEFT_AFTER` later, or by `purge`.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from adherents.members.intake.sheets import RegisterSheet
from adherents.members.models import Beneficiary, Member, Source

_SQLITE = "sqlite"
_MEMBER = Member._meta.db_table

LEFT_AFTER = timedelta(hours=24)
_WHEN = "%Y%m%d%H%M%S"
_NAME = re.compile(r"intake_(\d{14})_[0-9a-f]{8}_[a-z]+_(?:seen|rows)")

# What became of the line that names a key.
ACCEPTED, REFUSED, OTHER_PERSON, NAMED_AGAIN = 0, 1, 2, 3


class Staging:
    """The tables of one file, under names that no other import has. Use as a context manager.

    `source`: what names these people. `all_sources`: people of the other sources are ended too. `is_brief`: the lines of one
    request, compared and applied in the transaction that is open.
    """

    def __init__(
        self,
        sheet: RegisterSheet,
        *,
        source: Source = Source.FILE,
        all_sources: bool = False,
        is_brief: bool = False,
    ) -> None:
        self.sheet, self.source, self.all_sources, self.is_brief = sheet, source, all_sources, is_brief
        own = f"intake_{timezone.now().astimezone(UTC).strftime(_WHEN)}_{secrets.token_hex(4)}_{sheet.name}"
        self.seen, self.rows = f"{own}_seen", f"{own}_rows"
        self.columns = (*sheet.fields, "row_digest")

    def __enter__(self) -> "Staging":
        if not self.is_brief:
            drop_left_over()
        kind = "TEMPORARY" if self.is_brief or connection.vendor == _SQLITE else "UNLOGGED"
        ending = until_commit() if self.is_brief else ""
        rowless = " WITHOUT ROWID" if connection.vendor == _SQLITE else ""
        columns = ", ".join(self._model_column(name) for name in self.columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE {kind} TABLE {self.seen} "
                f"(key varchar(40) PRIMARY KEY, line integer NOT NULL, standing smallint NOT NULL){rowless}{ending}"
            )
            cursor.execute(
                f"CREATE {kind} TABLE {self.rows}{ending} AS SELECT {columns}, m.row_digest AS digest_before "  # noqa: S608
                f"FROM {Beneficiary._meta.db_table} b, {Member._meta.db_table} m WHERE 1 = 0"
            )
        return self

    def __exit__(self, *error: object) -> None:
        if not connection.needs_rollback and connection.connection is not None:
            self._drop()  # otherwise the transaction's end, or `drop_left_over`, takes them away

    def _drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.seen}")
            cursor.execute(f"DROP TABLE IF EXISTS {self.rows}")

    def _model_column(self, name: str) -> str:
        """Which table a staged column takes its type from."""
        own = "m" if self.sheet.table == Member._meta.db_table or name == "number" else "b"
        return f"{own}.{name}"

    def see(self, keys: dict[str, int]) -> dict[str, int]:
        """Note keys and the lines that name them. Returns those that an earlier line had named, with that line."""
        if connection.vendor == _SQLITE:
            with _together() as cursor:
                cursor.executemany(
                    f"INSERT INTO {self.seen} VALUES (%s, %s, 0) ON CONFLICT DO NOTHING",  # noqa: S608
                    list(keys.items()),
                )
                new = cursor.rowcount
        else:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {self.seen} SELECT k, l, 0 FROM "  # noqa: S608
                    "unnest(%s::varchar[], %s::integer[]) AS t(k, l) ON CONFLICT DO NOTHING",
                    [list(keys), list(keys.values())],
                )
                new = cursor.rowcount
        if new == len(keys):
            return {}
        first = dict(self._select("key, line", list(keys)))
        return {key: first[key] for key, line in keys.items() if first[key] != line}

    def stand(self, keys: Sequence[str], standing: int) -> None:
        """Note what became of the lines that name these keys. Those of refused lines are not gone, and nothing more is known."""
        if keys:
            with connection.cursor() as cursor:
                marks = ", ".join(["%s"] * len(keys))
                cursor.execute(
                    f"UPDATE {self.seen} SET standing = {standing:d} WHERE key IN ({marks})",  # noqa: S608
                    keys,
                )

    def standings(self, keys: Sequence[str]) -> dict[str, int]:
        """Of these keys, those that a line names, each with what became of that line."""
        return dict(self._select("key, standing", keys))

    @property
    def present(self) -> str:
        """SQL: the keys of those in the register whom this file ends unless it names them."""
        if self.sheet.table == _MEMBER:
            return f"SELECT number FROM {_MEMBER} t WHERE gone_at IS NULL AND {self.own}"  # noqa: S608
        return (
            f"SELECT m.number || '/' || t.rank FROM {self.sheet.table} t "  # noqa: S608
            f"JOIN {_MEMBER} m ON m.id = t.member_id WHERE t.gone_at IS NULL AND {self.own}"
        )

    @property
    def own(self) -> str:
        """SQL: that a person `t` of the register is one whom this file may end."""
        return "true" if self.all_sources else f"t.source = '{self.source.value}'"

    def _select(self, columns: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        if not keys:
            return []
        with connection.cursor() as cursor:
            marks = ", ".join(["%s"] * len(keys))
            cursor.execute(f"SELECT {columns} FROM {self.seen} WHERE key IN ({marks})", keys)  # noqa: S608
            return list(cursor.fetchall())

    def keep(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put new and changed lines aside: the values of `self.columns`, and the digest that was known (None: of nobody)."""
        if not rows:
            return
        if connection.vendor == _SQLITE:
            marks = ", ".join(["%s"] * (len(self.columns) + 1))
            with _together() as cursor:
                cursor.executemany(f"INSERT INTO {self.rows} VALUES ({marks})", rows)  # noqa: S608
            return
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {self.rows} ({', '.join(self.columns)}, digest_before) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def ready(self) -> None:
        """All is in: let PostgreSQL know how much that is, since it plans with what it knows."""
        if connection.vendor != _SQLITE and not self.is_brief:
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {self.seen}")
                cursor.execute(f"ANALYZE {self.rows}")


def until_commit() -> str:
    """SQL: what makes a temporary table end with its transaction. PostgreSQL's session may be a pooler's, and go on."""
    return "" if connection.vendor == _SQLITE else " ON COMMIT DROP"


def drop_left_over() -> int:
    """Drop what imports that were killed left; how many tables. SQLite has dropped it with their connections."""
    left = left_over()
    with connection.cursor() as cursor:
        for name in left:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
    return len(left)


def left_over() -> list[str]:
    """The tables of imports that began `LEFT_AFTER` ago and are still there."""
    if connection.vendor == _SQLITE:
        return []
    before = timezone.now() - LEFT_AFTER
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'intake\\_%' AND pg_table_is_visible(oid)"
        )
        return [name for (name,) in cursor.fetchall() if (made := _made_at(name)) and made < before]


def _made_at(table: str) -> datetime | None:
    """When a table of an import was made; None for any other."""
    named = _NAME.fullmatch(table)
    return datetime.strptime(named[1], _WHEN).replace(tzinfo=UTC) if named else None


@contextmanager
def _together() -> Iterator[CursorWrapper]:
    """Many statements as one for SQLite, whatever transaction is open: it takes no lock on the register itself."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT intake")
        try:
            yield cursor
        finally:
            cursor.execute("RELEASE intake")
