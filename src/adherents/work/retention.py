"""What is kept of people: in which tables, until when, and what ends it. Each room tells its own in `purging.py`, beside the
durations that its purge reads; `adherents retention` makes a table of all of it.

The words are French: the insurer's data protection officer reads them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

BY_PURGE = "`adherents purge --apply`"
BY_WORKER = "le worker, de lui-même"
BY_USE = "l’usage même"
BY_NOTHING = "**rien dans le logiciel** : à décider par le DPO"


@dataclass(frozen=True)
class Kept:
    """Data of people. `tables`: as `mail.OutboxMail`; none where no table holds them. `until` follows « jusqu’à »."""

    what: str
    tables: tuple[str, ...]
    until: str
    ended_by: str


Retention = Callable[[], Iterable[Kept]]
RETENTIONS: list[Retention] = []
IMPERSONAL: dict[str, str] = {}


def keeps(function: Retention) -> Retention:
    """Register a function that says what a room keeps of people."""
    RETENTIONS.append(function)
    return function


def impersonal(table: str, why: str) -> None:
    """Say of a table that it holds nothing of a person, and what it holds."""
    IMPERSONAL[table] = why


def kept() -> list[Kept]:
    """What every room keeps, with the durations of this profile; the rooms that the others stand on come first."""
    return [line for function in reversed(RETENTIONS) for line in function()]


def in_words(period: timedelta) -> str:
    """« 30 jours », « 1 heure »: whole days, or else whole hours."""
    count, unit = (period.days, "jour") if period.days else (int(period.total_seconds() // 3600), "heure")
    return f"{count} {unit}{'s' if count > 1 else ''}"
