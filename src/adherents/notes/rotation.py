from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.notes.models import Note, Opinion


@rotation("notes", covers=[(Note, "words"), (Note, "with_whom")])
def notes() -> Iterator[RotationStats]:
    return resealed(Note, "words", "with_whom")


@rotation("opinions", covers=[(Opinion, "question"), (Opinion, "answer")])
def opinions() -> Iterator[RotationStats]:
    return resealed(Opinion, "question", "answer")
