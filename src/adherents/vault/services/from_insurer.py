"""The insurer puts a document (a statement, a card, a certificate) in a member's vault."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary, Member
from adherents.storage.services import claim
from adherents.vault import mails
from adherents.vault.models import Deposit, Document, State
from adherents.vault.origins import Origin
from adherents.vault.receipts.services import issue
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.deposit import announce_received, next_number
from adherents.vault.services.receiving import Arrived, FileReceiver, RefusedFile, discard


class InsurerFileRefused(Exception):
    """The file is refused, for the same reasons as a member's file would be."""

    def __init__(self, reason: FileRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def deposit_for_member(
    *,
    member: Member,
    kind: str,
    name: str,
    chunks: Iterable[bytes],
    actor: str,
    beneficiary: Beneficiary | None = None,
) -> Document:
    """Seal the bytes as they come, and show them to the member under « Documents de votre mutuelle ».

    `kind` is a code of the profile, `actor` who did it (`client:3`). No agent has to answer it: it is kept from today on, as long
    as its kind says. The member is told by mail. Raises `KeyError` for an unknown kind, and `InsurerFileRefused`.
    """
    profile().documents.kind(kind)
    incoming = FileReceiver(name=name)
    try:
        for chunk in chunks:
            incoming.write(chunk)
    except BaseException:
        incoming.abort()
        raise
    arrived = incoming.finish()
    if isinstance(arrived, RefusedFile):
        raise InsurerFileRefused(arrived.reason)
    return deposit_arrived(member=member, kind=kind, arrived=arrived, actor=actor, beneficiary=beneficiary)


def deposit_arrived(
    *, member: Member, kind: str, arrived: Arrived, actor: str, beneficiary: Beneficiary | None = None
) -> Document:
    """As `deposit_for_member`, of a file that has arrived; if this fails, nothing is left of it."""
    try:
        profile().documents.kind(kind)
        with transaction.atomic():
            claim([arrived.sealed.storage_name])
            now = timezone.now()
            made = Deposit.objects.create(
                number=next_number(timezone.localtime(now).year), member=member, at=now
            )
            document = Document(
                **arrived.facts(),
                deposit=made,
                member=member,
                at=now,
                kind=kind,
                beneficiary=beneficiary,
                origin=Origin.INSURER,
                state=State.ACCEPTED,
                state_at=now,
                next_attempt_at=now,
            )
            document.save(force_insert=True)
            record(
                Event.DOCUMENT_DEPOSITED,
                subject=document.subject,
                owner=document.owner,
                actor=actor,
                deposit=made.number,
                kind=kind,
                size=document.size,
                sha256=document.sha256,
            )
            announce_received(document)
            issue(made, [document])
            mails.from_insurer(document)
    except BaseException:
        discard([arrived])
        raise
    return document
