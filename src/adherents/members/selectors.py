"""Members found for an agent, each with why where the row itself does not show it. Nothing is written."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from adherents.database.reader import from_reader
from adherents.members import search
from adherents.members.intake.facts import number_in, rank_in
from adherents.members.intake.former_numbers import number_or_former
from adherents.members.models import Beneficiary, Member
from adherents.members.names import squeeze
from adherents.members.near_names import nearness
from adherents.members.search import Found, Way
from adherents.members.search_query import SearchQuery, parse


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A member, with their account. `why`: what led to them, in words; "" where it can be seen. `is_near`: nobody is called
    quite so.
    """

    member: Member
    why: str
    is_near: bool = False


@from_reader
def find(text: str) -> list[SearchHit]:
    """Fifty at most, in the order of their names; where nobody is meant exactly, whose names nearly are what was typed."""
    typed = parse(text)
    return _hits(typed, search.found(typed)) or _hits(typed, search.near(typed))


@from_reader
def find_near(text: str) -> list[SearchHit]:
    """Those alone whose names nearly are what was typed, the nearest first."""
    typed = parse(text)
    return _hits(typed, search.near(typed))


def _hits(typed: SearchQuery, people: list[Found]) -> list[SearchHit]:
    """Two queries, the second for the beneficiaries among them."""
    if not people:
        return []
    rows = Member.objects.select_related("account").defer("nir")
    members = rows.in_bulk([person.member_id for person in people])
    covered = Beneficiary.objects.defer("nir").in_bulk(
        [person.beneficiary_id for person in people if person.beneficiary_id]
    )
    hits = []
    for person in people:
        if member := members.get(person.member_id):
            why = _why(typed, person.way, member, covered.get(person.beneficiary_id or 0))
            hits.append((person.way, SearchHit(member, why, person.way is Way.NEAR)))
    # As they are listed: who is found by a name before who is found by less; the near ones stay as near as they are.
    ways = list(Way)
    in_order = sorted(
        hits,
        key=lambda hit: (
            ways.index(hit[0]),
            "" if hit[1].is_near else hit[1].member.birth_key,
            "" if hit[1].is_near else hit[1].member.number,
        ),
    )
    return [hit for _way, hit in in_order]


def _why(typed: SearchQuery, way: Way, member: Member, covered: Beneficiary | None) -> str:
    if covered is not None:
        words = {
            Way.NIR: _("Par le NIR de %(name)s, bénéficiaire"),
            Way.NEAR: _("Orthographe proche : %(name)s, bénéficiaire"),
        }
        return words.get(way, _("Par %(name)s, bénéficiaire")) % {"name": covered.name}
    if way is Way.NEAR:
        return _("Orthographe proche : %(name)s") % {"name": _named_nearly(typed, member)}
    if typed.number.isdecimal() and (typed.days or typed.phones):  # eight digits, or ten: it could be either
        either = {Way.NUMBER: _("Par son n° adhérent"), Way.BIRTH: _("Par sa date de naissance")}
        if way in either:
            return either[way]
    if said := {Way.NIR: _("Par son NIR"), Way.PHONE: _("Par son téléphone")}.get(way):
        return said
    by_usage = typed.names(member.usage_key, member.usage_pair)
    by_birth = typed.names(member.birth_key, member.birth_pair)
    if typed.words and member.usage_name and by_birth and not by_usage:
        return _("Par son nom de naissance, %(name)s") % {"name": member.birth_name}
    return ""


def _named_nearly(typed: SearchQuery, member: Member) -> str:
    """The name that was meant, where two are known."""
    typed = typed.untitled or typed
    words = [typed.name, *(pair.name for pair in typed.name_pairs)]
    near = [
        name
        for name in (member.usage_name, member.birth_name)
        if name and any(nearness(word, squeeze(name)) is not None for word in words)
    ]
    return next(iter(near), member.usage_name or member.birth_name)


def member_numbered(number: str) -> Member | None:
    """The member under this very number, ended or not."""
    key = number_in(number)
    return Member.objects.filter(number=key).first() if key else None


def member_readable(number: str) -> Member | None:
    """As `member_numbered`; a former holder too, by what stands for the number. For reading: nothing more comes to them."""
    key = number_or_former(number)
    return Member.objects.filter(number=key).first() if key else None


def beneficiary_ranked(number: str, rank: str) -> Beneficiary | None:
    """The person whom this member, or former holder, covers under this very rank, ended or not."""
    key, place = number_or_former(number), rank_in(rank)
    people = Beneficiary.objects.select_related("member")
    return people.filter(member__number=key, rank=place).first() if key and place else None


@from_reader
def members_after(last: int, *, limit: int, only: int | None = None) -> list[Member]:
    """The next members in the order of their ids, ended or not; or `only` the one with this id, a former holder too.

    The list leaves out those whose number is another person's now.
    """
    rows = Member.objects.filter(pk__gt=last)
    rows = rows.filter(former_number=None) if only is None else rows.filter(pk=only)
    return list(rows.order_by("pk")[:limit])
