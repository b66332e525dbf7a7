"""Members found for an agent, each with why where the row itself does not show it. Nothing is written."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from adherents.crypto.index import blind_indexes
from adherents.database.reader import from_reader
from adherents.members.intake.facts import number_in, rank_in
from adherents.members.models import NIR_PURPOSE, Beneficiary, Member
from adherents.members.search_query import SearchQuery, parse


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A member, with their account. `why`: what led to them, in words; "" where it can be seen."""

    member: Member
    why: str


@from_reader
def find(text: str) -> list[SearchHit]:
    """Fifty at most, in the order of their names. One query more than the search itself where a NIR was typed."""
    members = list(Member.objects.search(text).select_related("account").defer("nir"))
    typed = parse(text)
    if typed.nir:
        covered = _covered_with(typed.nir, members)
        return [SearchHit(member, covered.get(member.pk) or _("Par son NIR")) for member in members]
    return [SearchHit(member, _why(typed, member)) for member in members]


def _covered_with(whole_nir: str, members: list[Member]) -> dict[int, str]:
    """Members found by the NIR of a person that they cover, and not by their own."""
    indexes = blind_indexes(NIR_PURPOSE, whole_nir)
    covered = Beneficiary.objects.filter(member__in=members, nir_index__in=indexes)
    own = {member.pk for member in members if member.nir_index and bytes(member.nir_index) in indexes}
    return {
        person.member_id: _("Par le NIR de %(name)s, bénéficiaire") % {"name": person.name}
        for person in covered
        if person.member_id not in own
    }


def _why(typed: SearchQuery, member: Member) -> str:
    if typed.number.isdecimal() and typed.days:  # eight digits: it could be either
        return _("Par son n° adhérent") if member.number == typed.number else _("Par sa date de naissance")
    by_usage = typed.names(member.usage_key, member.usage_pair)
    by_birth = typed.names(member.birth_key, member.birth_pair)
    if typed.words and member.usage_name and by_birth and not by_usage:
        return _("Par son nom de naissance, %(name)s") % {"name": member.birth_name}
    return ""


def member_numbered(number: str) -> Member | None:
    """The member under this very number, ended or not."""
    key = number_in(number)
    return Member.objects.filter(number=key).first() if key else None


def beneficiary_ranked(number: str, rank: str) -> Beneficiary | None:
    """The person whom this member covers under this very rank, ended or not."""
    key, place = number_in(number), rank_in(rank)
    people = Beneficiary.objects.select_related("member")
    return people.filter(member__number=key, rank=place).first() if key and place else None


@from_reader
def members_after(last: int, *, limit: int, only: int | None = None) -> list[Member]:
    """The next members in the order of their ids, ended or not; or `only` the one with this id.

    Not those whose number is another person's now.
    """
    rows = Member.objects.filter(pk__gt=last, former_number=None)
    if only is not None:
        rows = rows.filter(pk=only)
    return list(rows.order_by("pk")[:limit])
