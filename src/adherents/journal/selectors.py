"""Finding entries again, among ten million: each page reads a bounded part of one index. Nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connections, router

from adherents.database.reader import from_reader
from adherents.journal.models import Entry

# What a page reads of an index at most. Where one filter is rare it holds all that this filter has; where each of two has
# millions and nothing has both, it is what keeps a page from reading millions.
WINDOW = 5_000
EXPORTED_AT_ONCE = 1_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
Match = tuple[str, str]  # a column, and what stands in it


class EntryPlace(NamedTuple):
    """Where an entry stands in the journal, which is read from the newest to the oldest."""

    at: datetime
    pk: int


@dataclass(frozen=True)
class Wanted:
    """Which entries: those that have one match of each of `filters`, from `since` on, before `until`."""

    filters: tuple[tuple[Match, ...], ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class EntryPage:
    """`entries`: the newest first. `next`: after which place to go on; None: there are no more. `is_whole` is false where the
    window was read before the page was full: between its last entry and `next` there is none, beyond there may be.
    """

    entries: list[Entry]
    next: EntryPlace | None
    is_whole: bool


def place_of(pk: int) -> EntryPlace | None:
    """The place of the entry with this key, if there is one."""
    at = Entry.objects.filter(pk=pk).values_list("at", flat=True).first()
    return EntryPlace(at, pk) if at else None


@from_reader
def find(wanted: Wanted, *, after: EntryPlace | None = None, limit: int) -> EntryPage:
    """The `limit` next entries. Reads `WINDOW` rows at most for each match of the rarest filter, whatever the journal's size."""
    if len(wanted.filters) < 2:
        matches: tuple[Match | None, ...] = wanted.filters[0] if wanted.filters else (None,)
        first = _first_of([_Span(match, wanted, after) for match in matches], limit)
        return EntryPage(first, _place(first[-1]) if len(first) == limit else None, is_whole=True)
    counted, others = _rarest_first(wanted, after)
    found: dict[int, Entry] = {}
    floor: EntryPlace | None = None
    for match, count in counted:
        span = _Span(match, wanted, after)
        entries = _within_window(span, others, limit)
        found |= {entry.pk: entry for entry in entries}
        if len(entries) < limit and count > WINDOW:  # of this match nothing older was read
            floor = max(place for place in (floor, span.place(WINDOW)) if place is not None)
    entries = sorted(found.values(), key=_place, reverse=True)
    if floor is not None:
        entries = [entry for entry in entries if _place(entry) >= floor]
    shown = entries[:limit]
    if len(shown) == limit:
        return EntryPage(shown, _place(shown[-1]), is_whole=True)
    return EntryPage(shown, floor, is_whole=floor is None)


def every(wanted: Wanted) -> Iterator[Entry]:
    """All of them, the newest first, a page at a time: memory does not grow with their number."""
    after: EntryPlace | None = None
    while True:
        page = find(wanted, after=after, limit=EXPORTED_AT_ONCE)
        yield from page.entries
        after = page.next
        if after is None:
            return


def _place(entry: Entry) -> EntryPlace:
    return EntryPlace(entry.at, entry.pk)


class _Span:
    """What one match has between two places, as the end of a query that can be answered through its index alone.

    The rows are compared as a whole, and ordered by the match's column too. With `actor = 'agent:2'` the planner supposes that
    this agent's entries lie evenly, and walks through two years of others' where they ended long ago.
    """

    def __init__(self, match: Match | None, wanted: Wanted, after: EntryPlace | None) -> None:
        database = connections[router.db_for_read(Entry)]
        top = min(place for place in (after, EntryPlace(wanted.until or _LAST, 0)) if place is not None)
        moments = [database.ops.adapt_datetimefield_value(at) for at in (top.at, wanted.since or _FIRST)]
        columns, value = ([match[0], "at", "id"], [match[1]]) if match else (["at", "id"], [])
        row, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        order = ", ".join(f"{column} DESC" for column in columns)
        self.sql = (
            f"FROM {Entry._meta.db_table} WHERE ({row}) < ({marks}) AND ({row}) >= ({marks}) ORDER BY {order}"
        )
        self.values = [*value, moments[0], top.pk, *value, moments[1], 0]

    def count(self, most: int) -> int:
        """How many there are; `most` for any greater number."""
        sql = f"SELECT COUNT(*) FROM (SELECT 1 {self.sql} LIMIT %s) AS counted"  # noqa: S608
        with connections[router.db_for_read(Entry)].cursor() as cursor:
            cursor.execute(sql, [*self.values, most])
            return int(cursor.fetchone()[0])

    def place(self, rank: int) -> EntryPlace | None:
        """Where the one of this rank stands; the first is 1."""
        sql = f"SELECT id, at {self.sql} LIMIT 1 OFFSET %s"
        rows = list(Entry.objects.raw(sql, [*self.values, rank - 1]))
        return _place(rows[0]) if rows else None


def _rarest_first(
    wanted: Wanted, after: EntryPlace | None
) -> tuple[list[tuple[Match, int]], list[tuple[Match, ...]]]:
    """The matches of the filter with the fewest entries, each with its count, up to a little more than a window; and the other
    filters.
    """
    filters = list(wanted.filters)
    counts = [[(match, _Span(match, wanted, after).count(WINDOW + 1)) for match in one] for one in filters]
    rarest = min(range(len(counts)), key=lambda rank: sum(count for _match, count in counts[rank]))
    return list(counts[rarest]), filters[:rarest] + filters[rarest + 1 :]


def _first_of(spans: list[_Span], limit: int) -> list[Entry]:
    """The first of all these spans together, each entry once."""
    parts = []
    for rank, span in enumerate(spans):
        parts.append(f"SELECT * FROM (SELECT * {span.sql} LIMIT %s) AS part_{rank}")  # noqa: S608
    values = [value for span in spans for value in (*span.values, limit)]
    return list(
        Entry.objects.raw(f"{' UNION '.join(parts)} ORDER BY at DESC, id DESC LIMIT %s", [*values, limit])
    )


def _within_window(span: _Span, others: list[tuple[Match, ...]], limit: int) -> list[Entry]:
    """What the other filters leave of the first window of the span."""
    alternatives = [" OR ".join(f"{column} = %s" for column, _value in matches) for matches in others]
    values = [value for matches in others for _column, value in matches]
    sql = (
        f"WITH read_here AS MATERIALIZED (SELECT * {span.sql} LIMIT %s) SELECT * FROM read_here"  # noqa: S608
        f" WHERE ({') AND ('.join(alternatives)}) ORDER BY at DESC, id DESC LIMIT %s"
    )
    return list(Entry.objects.raw(sql, [*span.values, WINDOW, *values, limit]))
