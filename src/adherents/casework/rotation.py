from collections.abc import Iterator

from adherents.casework.models import Decision, HandOver
from adherents.crypto.rotation import RotationStats, resealed, rotation


@rotation("decisions", covers=[(Decision, "words_fr"), (Decision, "words_en")])
def decisions() -> Iterator[RotationStats]:
    return resealed(Decision, "words_fr", "words_en")


@rotation("hand_overs", covers=[(HandOver, "words")])
def hand_overs() -> Iterator[RotationStats]:
    return resealed(HandOver, "words")
