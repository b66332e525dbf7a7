"""All documents of one member: which there are, how many of each kind, person, state and year, and those that are asked for."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Value
from django.db.models.functions import Coalesce, ExtractYear
from django.db.models.lookups import Exact
from django.utils import timezone

from adherents.insurer.calendar import beginning_of
from adherents.members.models import Member
from adherents.vault.models import UNANSWERED, Document, DocumentQuerySet
from adherents.vault.origins import Origin

THEMSELVES = "0"  # the member, among the people whom documents are about
NO_STATE = "none"  # nobody has to answer it
SET_ASIDE = "set_aside"
SPLIT = "split"
JOINED = "joined"
RELOCATED = "relocated"


@dataclass(frozen=True)
class Narrowing:
    """What is asked for; "" for all. `person`: a beneficiary's id or `THEMSELVES`; `state`: a code of `Document.shown_state`, or
    `NO_STATE`.
    """

    kind: str = ""
    person: str = ""
    state: str = ""
    year: str = ""


@dataclass(frozen=True)
class DocumentCounts:
    """How many documents a member has that can be opened, and how many of each; `gone`: of which the proof alone is left."""

    total: int = 0
    gone: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)


def count_documents(member: Member) -> DocumentCounts:
    """One query, grouped, through the index of a member's documents."""
    grouped = (
        "kind",
        "beneficiary_id",
        "origin",
        "state",
        "set_aside",
        "is_kept",
        "is_split",
        "is_joined",
        "is_relocated",
        "year",
    )
    rows = Document.objects.filter(member=member).order_by()
    rows = rows.annotate(
        year=ExtractYear("at"),
        is_kept=ExpressionWrapper(Q(erased_at__isnull=True), output_field=BooleanField()),
        is_split=ExpressionWrapper(Q(split_at__isnull=False), output_field=BooleanField()),
        is_joined=ExpressionWrapper(Q(joined_at__isnull=False), output_field=BooleanField()),
        is_relocated=ExpressionWrapper(Q(relocated_at__isnull=False), output_field=BooleanField()),
    )
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("kinds", "people", "states", "years", "all")
    }
    counted = rows.values_list(*grouped).annotate(number=Count("pk"))
    for kind, person, origin, state, set_aside, is_kept, *elsewhere, year, number in counted:
        is_split, is_joined, is_relocated = elsewhere
        counts["all"][str(bool(is_kept))] += number
        if is_kept:
            now = timezone.now()
            shown = Document(
                origin=origin,
                state=state,
                set_aside=set_aside,
                split_at=now if is_split else None,
                joined_at=now if is_joined else None,
                relocated_at=now if is_relocated else None,
            ).shown_state[0]
            counts["kinds"][kind] += number
            counts["people"][str(person) if person else THEMSELVES] += number
            counts["states"][shown or NO_STATE] += number
            counts["years"][str(year)] += number
    every = counts.pop("all")
    return DocumentCounts(every["True"], every["False"], **counts)


def narrowed_to(documents: DocumentQuerySet, asked: Narrowing) -> DocumentQuerySet:
    """Those of a member's documents that are asked for."""
    wanted: dict[str, Any] = {}
    of_kind = Q(_is("kind", asked.kind)) if asked.kind else Q()
    if asked.person:
        wanted["beneficiary"] = None if asked.person == THEMSELVES else int(asked.person)
    if asked.year:
        year = int(asked.year)
        wanted["at__gte"], wanted["at__lt"] = (
            beginning_of(date(year, 1, 1)),
            beginning_of(date(year + 1, 1, 1)),
        )
    matching: DocumentQuerySet = documents.filter(of_kind, in_state(asked.state), **wanted)
    return matching


def in_state(code: str) -> Q:
    """The documents that can be opened and whose `shown_state` is this code; every one for ""."""
    if not code:
        return Q()
    unanswered = reduce(or_, (Q(_is("state", state)) for state in sorted(UNANSWERED)))
    aside = ~Q(set_aside="") & unanswered & ~Q(origin=Origin.INSURER)
    if code == SET_ASIDE:
        return aside
    if code == NO_STATE:
        return ~Q(origin=Origin.MEMBER) & ~aside
    if code == SPLIT:
        return Q(split_at__isnull=False, set_aside="")
    if code == JOINED:
        return Q(joined_at__isnull=False, set_aside="")
    if code == RELOCATED:
        return Q(relocated_at__isnull=False, set_aside="")
    here = Q(split_at__isnull=True, joined_at__isnull=True, relocated_at__isnull=True)
    return Q(_is("state", code), origin=Origin.MEMBER) & ~aside & here


def _is(column: str, code: str) -> Exact:
    """Compared row by row. SQLite knows no better than to read all refused documents of the portal by the index that the queue
    has for them; those of one member are few, and stand together in an index of theirs.
    """
    return Exact(Coalesce(column, Value("")), code)
