"""What comes with a message: deposited, sealed, scanned and drawn as every document, with a receipt; nobody has to decide it."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from adherents.database.transactions import needs_transaction
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.origins import ATTACHMENT, Origin
from adherents.vault.services.arrival import Arrived
from adherents.vault.services.deposit import NothingArrived, deposit
from adherents.vault.services.standing import check_open


@dataclass(frozen=True, slots=True)
class Attachments:
    """Files that arrived with the form, and the ids of those that waited since a form that was refused."""

    arrived: Sequence[Arrived] = ()
    waiting: Collection[uuid.UUID] = ()


@needs_transaction
def attach(*, member: Member, brought: Attachments) -> list[Document]:
    """Make documents of it, in the caller's transaction; none when nothing was brought.

    Raises `Closed`, also where nothing was brought: a message that was on its way may have taken minutes; `FilesGone` and
    `NoRoom`.
    """
    check_open(member)
    try:
        made = deposit(
            member=member,
            kind=ATTACHMENT,
            beneficiary=None,
            note="",
            arrived=brought.arrived,
            origin=Origin.MESSAGE,
            named=list(brought.waiting),
        )
    except NothingArrived:
        return []
    return list(made.documents.order_by("place"))
