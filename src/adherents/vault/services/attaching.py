"""The files that come with a message: sealed, scanned and drawn as every document, with a receipt, but without a decision."""

from collections.abc import Sequence

from django.db import transaction

from adherents.database.transactions import needs_transaction
from adherents.members.acting import Acting
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services import receiving
from adherents.vault.services.deposit import NothingArrived, with_message
from adherents.vault.services.receiving import Arrived, FormFiles
from adherents.vault.services.standing import check_open, lock


@needs_transaction
def attach(*, acting: Acting, files: FormFiles) -> list[Document]:
    """Make documents of the files, in the caller's transaction; an empty list where there are none.

    Raises `Closed` (also without files: a message may have taken minutes to arrive), `FilesGone` or `NoRoom`.
    """
    check_open(acting.file)
    if files.arrived:
        lock(acting.file)
    try:
        return list(with_message(acting=acting, files=files).documents.order_by("rank"))
    except NothingArrived:
        return []


def keep_waiting(*, member: Member, arrived: Sequence[Arrived]) -> None:
    """Keep the files for a day when the message's form was refused. Raises `Closed`: the files are then still the caller's."""
    if not arrived:
        return
    with transaction.atomic():
        check_open(member)
        lock(member)
        receiving.keep_waiting(member=member, arrived=arrived)
