from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.messaging.models import Circular, Message, Thread


@rotation("threads", covers=[(Thread, "subject")])
def threads() -> Iterator[RotationStats]:
    return resealed(Thread, "subject")


@rotation("messages", covers=[(Message, "body")])
def messages() -> Iterator[RotationStats]:
    return resealed(Message, "body")


@rotation("circulars", covers=[(Circular, "subject"), (Circular, "body")])
def circulars() -> Iterator[RotationStats]:
    return resealed(Circular, "subject", "body")
