"""Rows into the tables of a database: all of them in one transaction, each as it was saved, and keys that were never given."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from adherents.backup.archive import NotABackup
from adherents.backup.cells import readers
from adherents.backup.tables import columns_of

if TYPE_CHECKING:
    from adherents.backup.tables import Field

AT_ONCE = 1000
KEYS_A_SECOND, LEAST_SKIPPED = 1000, 1_000_000


def empty(tables: Iterable[type[models.Model]]) -> None:
    """Delete every row. A transaction that fails brings them back."""
    names = [connection.ops.quote_name(model._meta.db_table) for model in tables]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(names)}")
        else:
            for name in names:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - the names are Django's


def load(model: type[models.Model], lines: Iterator[bytes]) -> int:
    """Insert the rows of a file; how many. Memory does not grow with them. Raises `NotABackup` for other columns."""
    by_name = {field.attname: field for field in columns_of(model)}
    names = json.loads(next(lines))
    if set(names) != by_name.keys():
        raise NotABackup(f"{model._meta.label_lower}: its columns are not those of this version")
    fields = [by_name[name] for name in names]
    rows = _rows(lines, fields)
    return (
        _copied(model, fields, rows) if connection.vendor == "postgresql" else _inserted(model, fields, rows)
    )


def skip_keys(tables: Iterable[type[models.Model]], seconds: float) -> None:
    """Numbered rows that come from now on take no number that the lost database may have given in `seconds`."""
    skipped = max(LEAST_SKIPPED, int(seconds) * KEYS_A_SECOND)
    for model in tables:
        key = model._meta.pk
        if isinstance(key, models.AutoField | models.BigAutoField):
            last = model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0
            # A small key has no room to skip: only tables of Django's own have one, and their rows are named in no event.
            _count_from(model, last + (skipped if isinstance(key, models.BigAutoField) else 0))


def _count_from(model: type[models.Model], last: int) -> None:
    table, column = model._meta.db_table, str(model._meta.pk and model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s, true)",
                [connection.ops.quote_name(table), column, max(1, last)],
            )
            return
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])


def _rows(lines: Iterator[bytes], fields: "list[Field]") -> Iterator[tuple[Any, ...]]:
    """What the database driver takes, for each line."""
    steps: list[tuple[Callable[[Any], Any] | None, Field]] = list(zip(readers(fields), fields, strict=True))
    for line in lines:
        yield tuple(
            None
            if cell is None
            else field.get_db_prep_save(read(cell) if read else cell, connection=connection)
            for cell, (read, field) in zip(json.loads(line), steps, strict=True)
        )


def _copied(model: type[models.Model], fields: "list[Field]", rows: Iterator[tuple[Any, ...]]) -> int:
    count = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_table(model)} ({_columns(fields)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _inserted(model: type[models.Model], fields: "list[Field]", rows: Iterator[tuple[Any, ...]]) -> int:
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {_table(model)} ({_columns(fields)}) VALUES ({places})"  # noqa: S608 - the names are Django's
    count = 0
    with connection.cursor() as cursor:
        while some := list(islice(rows, AT_ONCE)):
            cursor.executemany(statement, some)
            count += len(some)
    return count


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(fields: "list[Field]") -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
