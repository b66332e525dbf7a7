"""What of the queue an agent lists, in which order, page by page or as a file. Nothing is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, TextChoices
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.casework.models import ALL, Age, Filters, Item, ItemQuerySet
from adherents.casework.selectors import tell_stand_ins
from adherents.feed.models import moment_told
from adherents.ui import spreadsheet

ITEMS_A_PAGE = 40
MOST_SORTED = 1_000
EXPORTED_AT_ONCE = 500
HEADS = (
    "accuse",
    "type",
    "libelle",
    "numero_adherent",
    "adherent",
    "recu",
    "a_traiter_avant",
    "echeance",
    "etat",
    "agent",
)


class SortColumn(TextChoices):
    """What the list can be ordered by, as its heads say it. The day is the order of the queue itself."""

    KIND = "kind", _("Document")
    MEMBER = "member", _("Adhérent")
    DUE = "due", _("À traiter avant")
    PLACE = "place", _("État")


# Those that an index gives, whatever waits. The others are worked out, of the most pressing only.
_INDEXED = {SortColumn.KIND: ("kind",), SortColumn.DUE: ()}


@dataclass(frozen=True)
class Sorting:
    """The order of the list. As an address says it: "kind", "-kind" the other way round, "" for the queue's own."""

    column: SortColumn = SortColumn.DUE
    is_descending: bool = False

    @classmethod
    def read(cls, text: str) -> "Sorting":
        """What is not understood is the queue's own order."""
        name = text.removeprefix("-")
        return cls(SortColumn(name), text.startswith("-")) if name in SortColumn.values else QUEUES_OWN

    def __str__(self) -> str:
        sign = "-" if self.is_descending else ""
        return "" if self == QUEUES_OWN else f"{sign}{self.column.value}"

    @property
    def is_bounded(self) -> bool:
        """Whether only the `MOST_SORTED` most pressing are put in this order."""
        return self.column not in _INDEXED

    def after(self, column: SortColumn) -> "Sorting":
        """The order that a click on this head asks for: its own, or the other way round where it is that already."""
        return Sorting(column, column == self.column and not self.is_descending)


QUEUES_OWN = Sorting()


@dataclass(frozen=True)
class Listed:
    """Which items are listed. `place`: an `Availability`, or "". `agent`: only theirs. `reader`: only what this agent treats."""

    filters: Filters = ALL
    place: str = ""
    agent: Account | None = None
    reader: Account | None = None

    @property
    def items(self) -> ItemQuerySet:
        items: ItemQuerySet = Item.objects.in_place(self.place).matching(self.filters)
        items = items if self.agent is None else items.of(self.agent)
        return items if self.reader is None else items.treated_by(self.reader)


def due_today() -> int:
    """How many items, of all agents, break their promise tomorrow unless somebody decides them today."""
    return _due_today().count()


def due_today_by_kind() -> dict[str, int]:
    """The same for each kind, by its code, the most first. One query."""
    counted = _due_today().order_by().values_list("kind").annotate(count=Count("pk"))
    return dict(sorted(counted, key=lambda line: (-line[1], line[0])))


def _due_today() -> ItemQuerySet:
    due: ItemQuerySet = Item.objects.waiting().matching(Filters(age=Age.TODAY))
    return due


def page_of(listed: Listed, number: str | None, sorting: Sorting = QUEUES_OWN) -> Page[Item]:
    """A page of the list. A page number that does not exist gives the nearest page."""
    items = _in_order(listed.items, sorting)
    page = Paginator(items.with_what_is_shown(), ITEMS_A_PAGE).get_page(number)
    tell_stand_ins(page)
    return page


def is_more_than_sorted(listed: Listed, sorting: Sorting) -> bool:
    """Whether the page has to say that it put the most pressing in order, and left out the rest."""
    return sorting.is_bounded and len(listed.items.order_by()[: MOST_SORTED + 1].values("pk")) > MOST_SORTED


def _in_order(items: ItemQuerySet, sorting: Sorting) -> ItemQuerySet:
    own = ("due_on", "entered_at", "pk")
    if not sorting.is_bounded:
        columns = [*_INDEXED[sorting.column], *own]
        # The whole way round, so that the same index is read from its other end.
        return items.order_by(*(f"-{name}" if sorting.is_descending else name for name in columns))
    rows: ItemQuerySet = Item.objects.filter(pk__in=items.oldest_due_first().values("pk")[:MOST_SORTED])
    names = ["place_rank"]
    if sorting.column == SortColumn.MEMBER:
        names, rows = ["shown_key", "first_key"], rows.with_name_keys()
    else:
        rows = rows.with_place_rank()
    return rows.order_by(*(f"-{name}" if sorting.is_descending else name for name in names), *own)


def csv_lines(listed: Listed) -> Iterator[str]:
    """A spreadsheet's file, one row an item, the most pressing first, whatever the page is sorted by: a spreadsheet sorts."""
    return spreadsheet.lines(_rows(listed, translation.get_language() or "fr"))


def _rows(listed: Listed, language: str) -> Iterator[Iterable[object]]:
    yield HEADS
    after: Item | None = None
    while batch := _batch(listed.items, after):
        with translation.override(
            language
        ):  # a row is made when it leaves, and the page's language may be over by then
            rows = [_row(item) for item in batch]
        yield from rows
        after = batch[-1]


def _batch(items: ItemQuerySet, after: Item | None) -> list[Item]:
    """What comes after this item, read from its place in the index: memory does not grow with what waits."""
    if after is not None:
        own = (after.due_on, after.entered_at, after.pk)
        # The day by itself too: SQLite begins there.
        items = items.filter(
            Q(due_on__gte=after.due_on),
            TupleGreaterThan(Tuple(F("due_on"), F("entered_at"), F("pk")), own),
        )
    ordered = items.oldest_due_first().with_what_is_shown().select_related("document__deposit")
    batch = list(ordered[:EXPORTED_AT_ONCE])
    tell_stand_ins(batch)
    return batch


def _row(item: Item) -> tuple[object, ...]:
    member, holder = item.about.member, item.shown_agent
    return (
        item.about.deposit.number,
        item.kind,
        str(item.about.kind_label),
        member.shown_number,
        member.name,
        moment_told(item.about.at),
        item.due_on.isoformat(),
        str(item.age.label),
        str(item.availability.label) if item.availability else "",
        holder.shown_name if holder else "",
    )


def file_name() -> str:
    return f"file-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
