"""What the register has sealed: NIRs, what finds them again, and the hashes of the insurer's lines."""

from collections.abc import Iterator

from adherents.crypto.index import blind_index
from adherents.crypto.rotation import (
    RotationStats,
    Stored,
    bound_to,
    each_row,
    opened,
    resealed,
    rotation,
    sealed_anew,
)
from adherents.members.intake.digest import LineDigest
from adherents.members.models import NIR_PURPOSE, Beneficiary, FormerAddress, Member, Person

COLUMNS = ("nir", "nir_index", "row_digest")


def _people(model: type[Person]) -> Iterator[RotationStats]:
    def anew(row: Stored) -> Stored:
        change: Stored = {}
        nir = opened(model, "nir", row)
        if (sealed := sealed_anew(model, "nir", row)) is not None:
            change["nir"] = sealed
        # Always computed from the NIR: a process that read the row before this one may have saved an old index after it.
        index = blind_index(NIR_PURPOSE, nir) if nir else None
        if row["nir_index"] != index:
            change["nir_index"] = index
        # A line's hash cannot be worked out without the line: the next import reads that line anew.
        if row["row_digest"] and not LineDigest.is_current(row["row_digest"]):
            change["row_digest"] = b""
        return change

    return each_row(model._base_manager.all(), COLUMNS, anew, beside=bound_to(model, "nir"))


@rotation("members", covers=[(Member, column) for column in COLUMNS])
def members() -> Iterator[RotationStats]:
    return _people(Member)


@rotation("beneficiaries", covers=[(Beneficiary, column) for column in COLUMNS])
def beneficiaries() -> Iterator[RotationStats]:
    return _people(Beneficiary)


@rotation("former addresses", covers=[(FormerAddress, "address")])
def former_addresses() -> Iterator[RotationStats]:
    return resealed(FormerAddress, "address")
