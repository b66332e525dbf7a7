from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.reading.models import PaperField


@rotation("values read on papers", covers=[(PaperField, "value")])
def values() -> Iterator[RotationStats]:
    return resealed(PaperField, "value")
