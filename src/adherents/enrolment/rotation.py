from collections.abc import Iterator

from adherents.crypto.rotation import Turned, resealed, rotation
from adherents.enrolment.models import IdentityClaim


@rotation("identity claims", covers=[(IdentityClaim, "words")])
def claims() -> Iterator[Turned]:
    return resealed(IdentityClaim, "words")
