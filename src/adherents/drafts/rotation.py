from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.drafts.models import Draft


@rotation("drafts", covers=[(Draft, "sealed")])
def drafts() -> Iterator[RotationStats]:
    return resealed(Draft, "sealed")
