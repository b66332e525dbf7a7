from collections.abc import Iterator

from adherents.crypto.rotation import Turned, resealed, rotation
from adherents.mail.models import OutboxMail


@rotation("mails", covers=[(OutboxMail, "recipient"), (OutboxMail, "context")])
def mails() -> Iterator[Turned]:
    return resealed(OutboxMail, "recipient", "context")
