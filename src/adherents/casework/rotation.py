from collections.abc import Iterator

from adherents.casework.models import Decision, Message, Thread
from adherents.crypto.rotation import RotationStats, resealed, rotation


@rotation("decisions", covers=[(Decision, "words_fr"), (Decision, "words_en")])
def decisions() -> Iterator[RotationStats]:
    return resealed(Decision, "words_fr", "words_en")


@rotation("threads", covers=[(Thread, "subject")])
def threads() -> Iterator[RotationStats]:
    return resealed(Thread, "subject")


@rotation("messages", covers=[(Message, "body")])
def messages() -> Iterator[RotationStats]:
    return resealed(Message, "body")
