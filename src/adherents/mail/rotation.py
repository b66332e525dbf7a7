from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.mail.models import OutboxMail


@rotation("mails", covers=[(OutboxMail, "recipient"), (OutboxMail, "context")])
def mails() -> Iterator[RotationStats]:
    return resealed(OutboxMail, "recipient", "context")
