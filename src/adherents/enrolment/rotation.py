from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.enrolment.models import AddressToConfirm, IdentityClaim, LetterBatch


@rotation("identity claims", covers=[(IdentityClaim, "words")])
def claims() -> Iterator[RotationStats]:
    return resealed(IdentityClaim, "words")


@rotation("letters", covers=[(LetterBatch, "sheets"), (LetterBatch, "listing")])
def letters() -> Iterator[RotationStats]:
    return resealed(LetterBatch, "sheets", "listing")


@rotation("addresses to confirm", covers=[(AddressToConfirm, "address"), (AddressToConfirm, "instead_of")])
def addresses() -> Iterator[RotationStats]:
    return resealed(AddressToConfirm, "address", "instead_of")
