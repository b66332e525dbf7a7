"""A document that concerns another member goes to that member's file: a copy, sealed with a key of its own, is treated there.

The original stays with who sent it, with its receipt; nobody decides it any more. The two share no key and no object, and neither
row names the other: whichever is erased, the other one stays whole. The copy says nothing of whom it came from.
"""

import uuid

from django.utils import timezone

from adherents.accounts.models import Account
from adherents.database.transactions import needs_transaction
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import fresh_name
from adherents.storage.reading import clear_bytes
from adherents.storage.sealing import SealedObject, Sealer
from adherents.storage.services import claim
from adherents.vault.models import Deposit, Document, State
from adherents.vault.origins import ATTACHMENT
from adherents.vault.receipts.services import envelope_of, issue
from adherents.vault.services.deposit import announce_received, next_number
from adherents.vault.services.filing import OPEN

NAME = "document"  # of the copy's file: the one that its sender gave may hold their name


class NotToRelocate(Exception):
    """It waits no more, or is a part of what was sent, or made of several, or was split or joined."""


class NoSuchFile(Exception):
    """The other member is its own, or has no file any more: the contract ended, or the number is another person's."""


def check_relocates(document: Document, *, to: Member) -> None:
    """Whether the document may go to this member's file, as far as these rows say so. Raises `NotToRelocate` or `NoSuchFile`."""
    if not document.waits_for_answer or document.state not in OPEN or document.has_no_bytes:
        raise NotToRelocate
    if (
        to.pk == document.member_id
        or to.is_former_holder
        or not Member.objects.present().filter(pk=to.pk).exists()
    ):
        raise NoSuchFile


@needs_transaction
def lock_to_relocate(*, document_id: uuid.UUID, to: Member) -> Document:
    """The document and the other member's row, locked in the caller's transaction. Raises `NotToRelocate` or `NoSuchFile`."""
    rows = Document.objects.select_for_update(of=("self",)).select_related("deposit", "member__account")
    document: Document = rows.get(pk=document_id)
    # Not its key: rows that refer to the member may be written meanwhile.
    other = Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=to.pk)
    check_relocates(document, to=other)
    return document


def seal_copy(document: Document, *, key: uuid.UUID) -> SealedObject:
    """The bytes of the document, verified, sealed anew for a row with this key, which is to own them (`hand_in`).

    Of photos that were gathered, their PDF. If nobody owns it, the sweep deletes it. Raises `Altered` or `StorageFailed`.
    """
    storage_name = fresh_name()
    UnclaimedObject.objects.create(storage_name=storage_name)
    sealer = Sealer(sealed_as=str(key), storage_name=storage_name)
    try:
        for chunk in clear_bytes(document):
            sealer.write(chunk)
    except BaseException:
        sealer.abort()
        raise
    return sealer.commit()


@needs_transaction
def hand_in(
    *, document: Document, to: Member, key: uuid.UUID, copy: SealedObject, agent: Account
) -> Document:
    """Put the copy in the other member's file, in the caller's transaction, which has the locks of `lock_to_relocate`.

    It is a deposit of its own, with its own number and signed receipt, received on the day on which the original came: its
    promise is the same. It goes through all checks. Gives its row.
    """
    claim([copy.storage_name])
    envelope_of(document.deposit)  # the sender's receipt is signed of what was sent, before anything changes
    now = timezone.now()
    made = Deposit.objects.create(
        number=next_number(timezone.localtime(now).year),
        member=to,
        at=now,
        received_on=document.came_on,
        entered_by=agent,
    )
    promised = UNKNOWN_KIND if document.kind_as_sent == ATTACHMENT else document.kind_as_sent
    filed = Document(
        pk=key,
        deposit=made,
        member=to,
        at=now,
        kind=document.kind,
        sent_as="" if promised == document.kind else promised,
        person_chosen=True,
        state_at=now,
        next_attempt_at=now,
        name=f"{NAME}.{document.content_type.rpartition('/')[2]}",
        content_type=document.content_type,
        size=copy.size,
        sha256=copy.sha256,
        wrapped_key=copy.wrapped_key,
        storage_name=copy.storage_name,
    )
    filed.save(force_insert=True)
    document.relocated_at, document.state, document.state_at = now, State.IN_PROGRESS, now
    document.save(update_fields=["relocated_at", "state", "state_at"])
    _journal(document, filed, agent=agent)
    announce_received(filed)
    announce(EventType.DOCUMENT_RELOCATED, subject=document.subject, owner=document.owner)
    issue(made, [filed])
    return filed


def _journal(document: Document, filed: Document, *, agent: Account) -> None:
    """Each file's journal names the other one, for who audits; none of that is in what a member reads of it."""
    record(
        Event.DOCUMENT_RELOCATED, subject=document.subject, owner=document.owner, actor=agent.actor,
        to=filed.subject, member=filed.owner,
    )  # fmt: skip
    record(
        Event.DOCUMENT_DEPOSITED, subject=filed.subject, owner=filed.owner, actor=agent.actor,
        deposit=filed.deposit.number, kind=filed.kind, size=filed.size, sha256=filed.sha256,
    )  # fmt: skip
    record(
        Event.RELOCATED_HERE, subject=filed.subject, owner=filed.owner, actor=agent.actor,
        original=document.subject, member=document.owner,
    )  # fmt: skip
