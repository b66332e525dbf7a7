"""Who is meant by what an agent typed: each way through an index, fifty people at most. Nothing is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import TypeVar

from django.db.models import F, Q, QuerySet

from adherents.members import names
from adherents.members.fields import InKeyOrder
from adherents.members.models import FOUND_AT_MOST, MOST_BORN, Beneficiary, Member
from adherents.members.near_names import beginning_of_key, nearness
from adherents.members.search_query import PAIR_LETTERS, NamePair, SearchQuery

P = TypeVar("P", Member, Beneficiary)
NEAR_LETTERS = 5  # fewer, with one of them wrong, may be anybody
NEAR_READ = 300  # people who share a key, of whom the nearest are shown
_NAMES = ("birth", "usage")


class Way(Enum):
    """What led to a member."""

    NUMBER = "number"
    FORMER_NUMBER = "former number"
    PHONE = "phone"
    ADDRESS = "address"
    NIR = "nir"
    BIRTH = "birth"
    NAME = "name"
    FIRST_NAME = "first name"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Found:
    """A member, and the one of their beneficiaries who was meant, if any."""

    member_id: int
    way: Way
    beneficiary_id: int | None = None


def found(typed: SearchQuery) -> list[Found]:
    """Those who are meant exactly. A member whom two ways lead to is there once, by the first of them."""
    people = _exactly(typed)
    if not people and (untitled := typed.untitled):
        people = _exactly(untitled)
    return _once(people)


def near(typed: SearchQuery) -> list[Found]:
    """Those whose names nearly are what was typed, the nearest first; those who are exactly so are not among them."""
    typed = typed.untitled or typed
    people: list[tuple[int, Found]] = []
    for kind in (Member, Beneficiary) if _may_be_names(typed) else ():
        if len(people) < FOUND_AT_MOST:
            people += _near(typed, kind)
    return _once([person for _far, person in sorted(people, key=lambda person: person[0])])


def _once(people: list[Found]) -> list[Found]:
    first: dict[int, Found] = {}
    for person in people:
        first.setdefault(person.member_id, person)
    return list(first.values())[:FOUND_AT_MOST]


def _exactly(typed: SearchQuery) -> list[Found]:
    if typed.address:
        return _members(Way.ADDRESS, Q(email_key__prefix=typed.address), "email_key")
    if typed.nir and (bearers := _bearers(typed.nir)):
        return bearers
    people: list[Found] = []
    if typed.number:
        numbers = {typed.number, typed.plain_number}
        people += _members(Way.NUMBER, Q(number__in=numbers))
        people += _members(Way.FORMER_NUMBER, Q(former_number__in=numbers))
    if typed.phones:
        return people + _members(Way.PHONE, Q(phone__in=typed.phones))
    if typed.days:
        people += _born(typed)
    for number in dict.fromkeys((typed.number, typed.plain_number)):
        if not people and len(number) > 1:
            people = _members(Way.NUMBER, Q(number__prefix=number), "number")
    if not people and typed.name and not (typed.days and not typed.words):
        people = _named(typed)
    return people


def _bearers(whole_nir: str) -> list[Found]:
    bearers = Member.objects.with_nir(whole_nir).order_by()[:FOUND_AT_MOST]
    covered = Beneficiary.objects.with_nir(whole_nir).order_by()[:FOUND_AT_MOST]
    own = [Found(pk, Way.NIR) for pk in bearers.values_list("pk", flat=True)]
    return own + [Found(member, Way.NIR, pk) for member, pk in covered.values_list("member_id", "pk")]


def _born(typed: SearchQuery) -> list[Found]:
    """Born that day: one in some twenty thousand. The names, where there are any, are compared here."""
    if not typed.words:
        return _members(Way.BIRTH, Q(birth_date__in=typed.days))
    keys = ("birth_key", "birth_pair", "usage_key", "usage_pair", "first_key")
    born = Member.objects.filter(birth_date__in=typed.days).order_by().values_list("pk", *keys)[:MOST_BORN]
    return [
        Found(pk, Way.BIRTH)
        for pk, birth, birth_pair, usage, usage_pair, first in born
        if typed.names(birth, birth_pair)
        or typed.names(usage, usage_pair)
        or (first or "").startswith(typed.name)
    ]


def _named(typed: SearchQuery) -> list[Found]:
    """By name, then by first name alone, of members and then of whom they cover; no more rows than the page shows."""
    people: list[Found] = []
    for way in _ways(typed) if _may_be_names(typed) else ():
        if len(people) < FOUND_AT_MOST:
            people += way()
    return people


def _may_be_names(typed: SearchQuery) -> bool:
    """No name has a digit in it."""
    return bool(typed.words) and all(word.isalpha() for word in typed.words)


def _ways(typed: SearchQuery) -> Iterator[Callable[[], list[Found]]]:
    born = _in_year(typed.year) & (Q(birth_date__in=typed.days) if typed.days else Q())
    first = Q(first_key__prefix=typed.name) & born
    kinds = (
        [_covered] if typed.days else [_members, _covered]
    )  # a member who was born that day is found by it
    for kind in kinds:
        for name in _NAMES:
            yield partial(kind, Way.NAME, Q(**{f"{name}_key__prefix": typed.name}) & born, f"{name}_key")
        for name in _NAMES:
            pairs = either_way(typed, name) if kind is _members else _both_ways(typed, name)
            if pairs:
                yield partial(kind, Way.NAME, pairs & born)
    for kind in kinds:
        yield partial(kind, Way.FIRST_NAME, first, "first_key")


def _in_year(year: str) -> Q:
    """By its beginning: of « from … to … » PostgreSQL expects a hundredth of those who were born then, and reads them all."""
    return Q(birth_date__startswith=f"{year}-") if year else Q()


def either_way(typed: SearchQuery, column: str) -> Q:
    """Members by a name and a first name, in either order."""
    either = Q()
    for name_pair in typed.name_pairs:
        named = Q(**{f"{column}_key__prefix": name_pair.name}) if len(name_pair.name) > PAIR_LETTERS else Q()
        for pair in name_pair.pairs:
            either |= Q(**{f"{column}_pair__prefix": pair}) & named
    return either


def _both_ways(typed: SearchQuery, column: str) -> Q:
    """The same of beneficiaries, who have no key of the two: by one letter alone nobody is looked for."""
    both = Q()
    for pair in typed.name_pairs:
        if min(len(pair.name), len(pair.first_name)) > 1:
            both |= Q(**{f"{column}_key__prefix": pair.name, "first_key__prefix": pair.first_name})
    return both


def _members(way: Way, condition: Q, order: str = "") -> list[Found]:
    return [
        Found(pk, way) for pk in _first(Member.objects.filter(condition), order).values_list("pk", flat=True)
    ]


def _covered(way: Way, condition: Q, order: str = "") -> list[Found]:
    rows = _first(Beneficiary.objects.filter(condition), order)
    return [Found(member, way, pk) for member, pk in rows.values_list("member_id", "pk")]


def _first(rows: QuerySet[P], order: str) -> QuerySet[P]:
    """Without an order the database gives the first that it meets: it need not sort thousands for fifty."""
    return rows.order_by(*([InKeyOrder(F(order))] if order else []))[:FOUND_AT_MOST]


def _near(typed: SearchQuery, kind: type[Member] | type[Beneficiary]) -> list[tuple[int, Found]]:
    """Those who share a key of sounds with what was typed; where nobody near does, all its letters but the last."""
    return _compared(typed, kind, _sound_alike) or _compared(typed, kind, _begin_alike)


def _compared(
    typed: SearchQuery, kind: type[Member] | type[Beneficiary], neighbours: Callable[[SearchQuery, str], Q]
) -> list[tuple[int, Found]]:
    """Of some neighbours, those whose names are near."""
    columns = ("pk", "pk" if kind is Member else "member_id", "birth_name", "usage_name", "first_names")
    either = Q()
    for name in _NAMES:
        either |= neighbours(typed, name)
    if not either:
        return []
    rows = kind.objects.filter(either & _in_year(typed.year)).order_by()
    people: list[tuple[int, Found]] = []
    for pk, member_id, birth, usage, first_names in rows.values_list(*columns)[:NEAR_READ]:
        if far := _how_far(typed, _squeezed(birth), _squeezed(usage), _squeezed(first_names)):
            people.append((far, Found(member_id, Way.NEAR, None if kind is Member else pk)))
    return sorted(people, key=lambda person: person[0])[:FOUND_AT_MOST]


# Those who share a key share their names too.
_squeezed = lru_cache(maxsize=4096)(names.squeeze)


def _sound_alike(typed: SearchQuery, name: str) -> Q:
    either = Q(**{f"{name}_sound__prefix": beginning_of_key(typed.name)})
    for pair in typed.name_pairs:
        either |= Q(**{f"{name}_sound__prefix": beginning_of_key(pair.name, pair.first_name)})
    return either


def _begin_alike(typed: SearchQuery, name: str) -> Q:
    return Q(**{f"{name}_key__prefix": typed.name[:-1]}) if len(typed.name) >= NEAR_LETTERS else Q()


@lru_cache(maxsize=4096)
def _how_far(typed: SearchQuery, birth: str, usage: str, first_names: str) -> int:
    """0 where a person is not meant, or is exactly so; 1 and more: how far the names are."""
    ways = [*typed.name_pairs, NamePair(typed.name, "")]
    near = [
        far
        for pair in ways
        for name in dict.fromkeys((birth, usage))
        if name and (far := _of_a_pair(pair, name, first_names))
    ]
    return min(near, default=0)


def _of_a_pair(pair: NamePair, name: str, first_names: str) -> int:
    far = nearness(pair.name, name)
    if far is None or not pair.first_name or first_names.startswith(pair.first_name):
        return far or 0
    given = nearness(pair.first_name, first_names[: len(pair.first_name)])
    if given is None:
        given = nearness(pair.first_name, first_names)
    return 0 if given is None else far + given
