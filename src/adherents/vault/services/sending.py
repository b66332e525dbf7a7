"""« Envoyer »: what a page prepared becomes a deposit, once, however often it is pressed or asked again."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.members.acting import Acting
from adherents.members.models import Member
from adherents.vault.models import Deposit, Sending
from adherents.vault.services.deposit import FilesGone, Form, from_member
from adherents.vault.services.preparing import KEPT_FOR, SentAlready, locked, set_apart
from adherents.vault.services.receiving import FormFiles, discard
from adherents.vault.services.standing import check_open


def send(*, acting: Acting, sending_id: uuid.UUID, form: Form, files: FormFiles) -> Deposit:
    """Deposit the files that the page names and those that came with it, and nothing that another page brought.

    Asked again for the same, it gives the same deposit, and nothing is left of what came twice. Raises `SentAlready` when the
    sending left without some of it (a file, also one that was refused, or what the form says of them), `FilesGone`,
    `NothingArrived` or `Closed`: what arrived is still the caller's then.
    """
    with transaction.atomic():
        check_open(acting.file)
        made = None if files.arrived else _made_of(acting.file, files.named)
        try:
            sending = locked(member=acting.file, sending_id=sending_id)
        except SentAlready as before:
            if not (_holds_all(before.deposit, files) and _says(before.deposit, form)):
                raise
            made = before.deposit
        if made is None:
            return _sent(acting, sending, form, files)
    discard(files.arrived)
    return made


def _sent(acting: Acting, sending: Sending, form: Form, files: FormFiles) -> Deposit:
    named = {*files.named}
    if named and sending.pending_files.filter(pk__in=named).count() < len(named):
        raise FilesGone
    made = from_member(acting=acting, form=form, files=files)
    if sending.member.account_id:
        replaced = form.answers.subject if form.answers else ""
        drafts.done(
            replaced, f"sending:{sending.pk}", account_id=sending.member.account_id, kind=DraftKind.SENDING
        )
    set_apart(sending)
    sending.deposit, sending.note, sending.kind, sending.beneficiary = made, "", "", None
    sending.expires_at = timezone.now() + KEPT_FOR
    sending.save()
    return made


def _holds_all(made: Deposit, files: FormFiles) -> bool:
    """Is every one of these files in this deposit, or refused in it? What came anew is known by its bytes."""
    documents = list(made.documents.prefetch_related("photos"))
    sent = [*documents, *(photo for document in documents for photo in document.photos.all())]
    known = {file.sha256 for file in sent}
    refused_before = {(file["name"], file["reason"]) for file in made.refused}
    return (
        {*files.named} <= {file.pk for file in sent}
        and all(file.sealed.sha256 in known for file in files.arrived)
        and all((file.name, file.reason.value) in refused_before for file in files.refused)
    )


def _says(made: Deposit, form: Form) -> bool:
    """Does this deposit say of its files what the form says of them?"""
    person = form.beneficiary.pk if form.beneficiary else None
    sent = {
        (
            document.kind_as_sent,
            person if document.person_chosen else document.beneficiary_id,
            document.note,
        )
        for document in made.documents.all()
    }
    return sent == {(form.kind, person, form.note)}


def _made_of(member: Member, named: Sequence[uuid.UUID]) -> Deposit | None:
    """The deposit that all of these files left in, however long ago."""
    if not named:
        return None
    mine = Deposit.objects.of(member)
    made = mine.filter(documents=named[0]).first() or mine.filter(documents__photos=named[0]).first()
    return made if made is not None and _holds_all(made, FormFiles(named=named)) else None
