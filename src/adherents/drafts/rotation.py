from collections.abc import Iterator

from adherents.crypto.rotation import Turned, resealed, rotation
from adherents.drafts.models import Draft


@rotation("drafts", covers=[(Draft, "sealed")])
def drafts() -> Iterator[Turned]:
    return resealed(Draft, "sealed")
