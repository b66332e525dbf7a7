"""The two files that the insurer sends, each with its columns, what names a line, and what the register knows
of it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, models

from adherents.members.identity import Identity
from adherents.members.intake import facts
from adherents.members.models import Beneficiary, LastBeneficiaryLine, LastMemberLine, Member

_MEMBER = Member._meta.db_table
_BENEFICIARY = Beneficiary._meta.db_table


@dataclass(frozen=True, slots=True)
class RegisterSheet:
    """One kind of file. A line is named by its key: the member's number, or number/rank for a beneficiary."""

    name: str
    table: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    key_in: Callable[[Sequence[str]], str | None]
    facts: Callable[[Sequence[str]], tuple[tuple[Any, ...], list[facts.RowReason]]]
    marks: Callable[[Collection[str]], "dict[str, Mark]"]
    people: Callable[[Collection[str]], "dict[str, Known]"]
    last_lines: type[models.Model]


class Known(NamedTuple):
    """Who the register has under a key."""

    identity: Identity
    nir_index: bytes | None


class Mark(NamedTuple):
    """What a key was named with last: the digest of the line, and the source it came from."""

    digest: bytes
    source: str


def _member_key(values: Sequence[str]) -> str | None:
    return facts.number_in(values[0])


def _member_marks(keys: Collection[str]) -> dict[str, Mark]:
    rows = _among(f"SELECT number, row_digest, source FROM {_MEMBER} WHERE number", keys)  # noqa: S608
    return {number: Mark(bytes(digest), source) for number, digest, source in rows}


def _member_people(keys: Collection[str]) -> dict[str, Known]:
    rows = _among(
        f"SELECT number, birth_date, birth_name, first_names, nir_index FROM {_MEMBER} WHERE number",  # noqa: S608
        keys,
    )
    return {number: _known(*facts) for number, *facts in rows}


def _known(birth_date: str, birth_name: str, first_names: str, nir_index: bytes | None) -> Known:
    return Known(Identity(birth_date, birth_name, first_names), bytes(nir_index) if nir_index else None)


def _among(sql: str, values: Collection[str]) -> list[tuple[Any, ...]]:
    """The rows where the last column of `sql` is one of `values`: two thousand at once, so not through the ORM."""
    if not values:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{sql} = ANY(%s)", [list(values)])
        else:
            cursor.execute(f"{sql} IN ({', '.join(['%s'] * len(values))})", list(values))
        return list(cursor.fetchall())


def _beneficiary_key(values: Sequence[str]) -> str | None:
    number, rank = facts.number_in(values[0]), facts.rank_in(values[1])
    return f"{number}/{rank}" if number and rank else None


def _beneficiary_marks(keys: Collection[str]) -> dict[str, Mark]:
    known = _among(
        f"SELECT m.number, b.rank, b.row_digest, b.source FROM {_BENEFICIARY} b "  # noqa: S608
        f"JOIN {_MEMBER} m ON m.id = b.member_id WHERE b.rank IS NOT NULL AND m.number",
        {number_of(key) for key in keys},
    )
    return {f"{number}/{rank}": Mark(bytes(digest), source) for number, rank, digest, source in known}


def _beneficiary_people(keys: Collection[str]) -> dict[str, Known]:
    rows = _among(
        "SELECT m.number, b.rank, b.birth_date, b.birth_name, b.first_names, b.nir_index "  # noqa: S608
        f"FROM {_BENEFICIARY} b JOIN {_MEMBER} m ON m.id = b.member_id WHERE b.rank IS NOT NULL AND m.number",
        {number_of(key) for key in keys},
    )
    return {f"{number}/{rank}": _known(*facts) for number, rank, *facts in rows}


def number_of(key: str) -> str:
    """The member's number in a beneficiary's key (a number may itself have a slash in it)."""
    return key.rpartition("/")[0]


MEMBERS = RegisterSheet(
    name="member",
    table=Member._meta.db_table,
    columns=facts.MEMBER_COLUMNS,
    fields=facts.MEMBER_FIELDS,
    key_in=_member_key,
    facts=facts.member_facts,
    marks=_member_marks,
    people=_member_people,
    last_lines=LastMemberLine,
)
BENEFICIARIES = RegisterSheet(
    name="beneficiary",
    table=Beneficiary._meta.db_table,
    columns=facts.BENEFICIARY_COLUMNS,
    fields=facts.BENEFICIARY_FIELDS,
    key_in=_beneficiary_key,
    facts=facts.beneficiary_facts,
    marks=_beneficiary_marks,
    people=_beneficiary_people,
    last_lines=LastBeneficiaryLine,
)
