from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.messaging.models import Message, Thread


@rotation("threads", covers=[(Thread, "subject")])
def threads() -> Iterator[RotationStats]:
    return resealed(Thread, "subject")


@rotation("messages", covers=[(Message, "body")])
def messages() -> Iterator[RotationStats]:
    return resealed(Message, "body")
