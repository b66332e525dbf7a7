"""« Envoyer »: what a page prepared becomes a deposit, once, however often it is pressed or asked again."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.members.models import Member
from adherents.vault.models import Deposit, Sending
from adherents.vault.services.arrival import Arrived, RefusedFile, discard
from adherents.vault.services.deposit import FilesGone, deposit
from adherents.vault.services.preparing import KEPT_FOR, Form, SentAlready, locked, set_apart
from adherents.vault.services.standing import check_open


def send(
    *,
    member: Member,
    sending_id: uuid.UUID,
    form: Form,
    named: Sequence[uuid.UUID],
    arrived: Sequence[Arrived] = (),
    refused: Sequence[RefusedFile] = (),
) -> Deposit:
    """Deposit the files that the page names and those that came with it, and nothing that another page brought.

    Asked again for the same files, it gives the same deposit, and nothing is left of what came twice. Raises `SentAlready`
    when the sending left without some of them, `FilesGone`, `NothingArrived`, `TooManyOpen` or `Closed`: what arrived is still
    the caller's then.
    """
    with transaction.atomic():
        check_open(member)
        made = None if arrived else _made_of(member, named)
        try:
            sending = locked(member=member, sending_id=sending_id)
        except SentAlready as before:
            if not _holds_all(before.deposit, named, arrived):
                raise
            made = before.deposit
        if made is None:
            return _sent(sending, form, named, arrived, refused)
    discard(arrived)
    return made


def _sent(
    sending: Sending,
    form: Form,
    named: Sequence[uuid.UUID],
    arrived: Sequence[Arrived],
    refused: Sequence[RefusedFile],
) -> Deposit:
    if sending.pending_files.filter(pk__in=named).count() < len({*named}):
        raise FilesGone
    made = deposit(
        member=sending.member,
        kind=form.kind,
        beneficiary=form.beneficiary,
        note=form.note,
        arrived=arrived,
        refused=refused,
        named=named,
        gather=form.gather,
        answers=form.answers,
    )
    if sending.member.account_id:
        about = f"sending:{sending.pk}"
        drafts.done(account_id=sending.member.account_id, kind=DraftKind.SENDING, about=about)
    set_apart(sending)
    until = timezone.now() + KEPT_FOR
    Sending.objects.filter(pk=sending.pk).update(
        deposit=made, note="", kind="", beneficiary=None, expires_at=until
    )
    return made


def _holds_all(made: Deposit, named: Sequence[uuid.UUID], arrived: Sequence[Arrived]) -> bool:
    """Is every one of these files in this deposit? What came anew is known by its bytes."""
    documents = list(made.documents.prefetch_related("photos"))
    files = [*documents, *(photo for document in documents for photo in document.photos.all())]
    known = {file.sha256 for file in files}
    return {*named} <= {file.pk for file in files} and all(file.sealed.sha256 in known for file in arrived)


def _made_of(member: Member, named: Sequence[uuid.UUID]) -> Deposit | None:
    """The deposit that all of these files left in, however long ago."""
    if not named:
        return None
    mine = Deposit.objects.of(member)
    made = mine.filter(documents=named[0]).first() or mine.filter(documents__photos=named[0]).first()
    return made if made is not None and _holds_all(made, named, ()) else None
