"""A new master key: seal again under it what each room has sealed, row by row, while the portal serves.

A room says what it has sealed in its `rotation.py`, found when the portal starts. Each step is idempotent and writes a row
only as it was read, so that nothing written meanwhile is lost and a rotation that was stopped goes on where it was.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import BinaryField, ExpressionWrapper, F

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.keys import CannotOpen, keyring

BATCH = 500
MOST_PASSES = 5
SAMPLE = 100  # rows at each end of a table
Stored = dict[str, Any]  # a row's columns as the database has them


@dataclass
class RotationStats:
    """How many rows were looked at, sealed again, and written by another process meanwhile; and those that do not open."""

    seen: int = 0
    changed: int = 0
    late: int = 0
    closed: list[str] = field(default_factory=list)

    def add(self, other: "RotationStats") -> None:
        self.seen += other.seen
        self.changed += other.changed
        self.late += other.late
        self.closed += other.closed


Step = Callable[[], Iterator[RotationStats]]
STEPS: dict[str, Step] = {}
COVERED: set[tuple[str, str]] = set()  # the columns that some step answers for: `("members.Member", "nir")`


def rotation(name: str, *, covers: Sequence[tuple[type[models.Model], str]]) -> Callable[[Step], Step]:
    """Register a step. It gives what it did after each batch. `covers`: the columns that it leaves under the first key."""

    def register(step: Step) -> Step:
        STEPS[name] = step
        COVERED.update((model._meta.label, column) for model, column in covers)
        return step

    return register


def rotate_everything(on_batch: Callable[[str, RotationStats], None]) -> dict[str, RotationStats]:
    """Run every step, all of them again as long as one found something to do: a row may pass from table to table.

    What is left in `late` and `closed` is under an old key, or under none that is here.
    """
    done: dict[str, RotationStats] = {name: RotationStats() for name in STEPS}
    for _ in range(MOST_PASSES):
        turns = {name: _run(name, on_batch) for name in STEPS}
        for name, turn in turns.items():
            turn.changed += done[name].changed
        quiet = all(turns[name].changed == done[name].changed and not turns[name].late for name in STEPS)
        done = turns
        if quiet:
            break
    return done


def _run(name: str, on_batch: Callable[[str, RotationStats], None]) -> RotationStats:
    turn = RotationStats()
    for batch in STEPS[name]():
        turn.add(batch)
        on_batch(name, batch)
    return turn


def each_row(
    rows: models.QuerySet[Any],
    columns: Sequence[str],
    anew: Callable[[Stored], Stored],
    *,
    beside: Sequence[str] = (),
) -> Iterator[RotationStats]:
    """Rewrite rows: `anew` says which columns change, from `pk`, `columns` and `beside` as they are stored ({}: none).

    A row is written only where `columns` are still as they were read. One that raises `CannotOpen` is named, and left.
    `beside`: what is only read (`member__number`). A row that takes another identity meanwhile has its value sealed anew.
    """
    model, last = rows.model, None
    stored = [_as_stored(model, column) for column in columns] + list(beside)
    while True:
        some = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
        values = list(some.values_list("pk", *stored)[:BATCH])
        if not values:
            return
        turned, changes = RotationStats(seen=len(values)), []
        for pk, *read in values:
            known = {"pk": pk} | dict(zip([*columns, *beside], map(_plain, read), strict=True))
            row = {name: value for name, value in known.items() if name not in beside}
            try:
                change = anew(known)
            except CannotOpen:
                turned.closed.append(f"{model._meta.label} {pk}")
                continue
            if change:
                changes.append((row, change))
        if changes:
            with transaction.atomic():
                for row, change in changes:
                    written = model._base_manager.filter(**row).update(**change)
                    turned.changed += written
                    turned.late += 1 - written
        yield turned
        last = values[-1][0]


def resealed(model: type[models.Model], *columns: str) -> Iterator[RotationStats]:
    """`each_row` for a table whose encrypted columns stand for themselves."""

    def anew(row: Stored) -> Stored:
        return {
            column: sealed for column in columns if (sealed := sealed_anew(model, column, row)) is not None
        }

    return each_row(model._base_manager.all(), columns, anew, beside=bound_to(model, *columns))


def bound_to(model: type[models.Model], *columns: str) -> list[str]:
    """What must be read beside these encrypted columns to open them."""
    return list(dict.fromkeys(path for column in columns for path in encrypted(model, column).bound_to))


def sealed_anew(model: type[models.Model], column: str, row: Stored) -> bytes | None:
    """An `EncryptedTextField`'s bytes under the first key; None where they are already, or empty.

    `row`: with what `bound_to` says. Opened whatever its key, so that a rotation proves that everything opens, in the row
    where it stands. Raises `CannotOpen`.
    """
    clear = opened(model, column, row)
    if not clear or keyring().is_current(row[column]):
        return None
    return encrypted(model, column).seal(clear, *_identity(model, column, row), pk=row["pk"])


def opened(model: type[models.Model], column: str, row: Stored) -> str:
    """The clear text of a stored row's column. Raises `CannotOpen`."""
    return encrypted(model, column).open(row[column], *_identity(model, column, row), pk=row["pk"])


def _identity(model: type[models.Model], column: str, row: Stored) -> list[object]:
    return [row[path] for path in encrypted(model, column).bound_to]


def encrypted(model: type[models.Model], column: str) -> EncryptedTextField:
    field = model._meta.get_field(column)
    assert isinstance(field, EncryptedTextField)
    return field


def sampled_keys(model: type[models.Model], column: str) -> Counter[bytes]:
    """Which master keys sealed the first and the last rows of a column, in the order of their ids, and how many.

    Opens nothing, and costs the same however long the table is. Empty for a column that holds something else.
    """
    rows, counts = model._base_manager.values_list(_as_stored(model, column), flat=True), Counter[bytes]()
    for sealed in [*rows.order_by("pk")[:SAMPLE], *rows.order_by("-pk")[:SAMPLE]]:
        try:
            counts[keyring().key_id(_plain(sealed) or b"")] += 1
        except (CannotOpen, TypeError):
            continue
    return counts


def _as_stored(model: type[models.Model], column: str) -> "str | ExpressionWrapper[Any]":
    """How to select a column without opening it."""
    is_encrypted = isinstance(model._meta.get_field(column), EncryptedTextField)
    return ExpressionWrapper(F(column), output_field=BinaryField()) if is_encrypted else column


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
