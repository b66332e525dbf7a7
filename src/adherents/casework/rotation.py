from collections.abc import Iterator

from adherents.casework.models import Decision
from adherents.crypto.rotation import RotationStats, resealed, rotation


@rotation("decisions", covers=[(Decision, "words_fr"), (Decision, "words_en")])
def decisions() -> Iterator[RotationStats]:
    return resealed(Decision, "words_fr", "words_en")
