"""What the tests of the queue share: documents that wait, in one line, and agents to treat them."""

import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item
from adherents.casework.services.entering import enter_checked
from adherents.members.models import Member
from adherents.vault.models import Deposit, Document, State

NEEDED = {"reason": "rib_illisible", "words_fr": "Illisible.", "words_en": "Cannot be read."}


def checked(
    member: Member,
    *,
    kind: str = "rib",
    at: datetime | None = None,
    answers: Document | None = None,
    beside: Document | None = None,
) -> Document:
    """A document whose checks are done, without its bytes. `beside`: of the same deposit, before it."""
    moment = at or timezone.now()
    mark = secrets.token_hex(8)
    document: Document = Document.objects.create(
        deposit=beside.deposit
        if beside
        else Deposit.objects.create(number=f"D-{mark}", member=member, at=moment),
        rank=beside.rank + 1 if beside else 1,
        member=member,
        at=moment,
        kind=kind,
        answers=answers,
        state=State.CHECKED,
        state_at=moment,
        checked_at=moment,
        page_count=1,
        next_attempt_at=None,
        name="rib.pdf",
        content_type="application/pdf",
        size=1000,
        sha256=secrets.token_hex(32),
        wrapped_key=b"key",
        storage_name=mark,
    )
    return document


def waiting(member: Member, count: int = 1, *, kind: str = "rib") -> list[Item]:
    """Put `count` items in the queue, the oldest first, a day between two."""
    now = timezone.now()
    documents = [checked(member, kind=kind, at=now - timedelta(days=count - n)) for n in range(count)]
    while enter_checked():
        pass
    return [Item.objects.get(document=document) for document in documents]


def sent_together(member: Member, *kinds: str) -> list[Item]:
    """The items of one deposit, a document of each kind, in their order."""
    documents: list[Document] = []
    for kind in kinds:
        documents.append(checked(member, kind=kind, beside=documents[-1] if documents else None))
    while enter_checked():
        pass
    return [Item.objects.get(document=document) for document in documents]


def adviser(rank: int, role: Role = Role.ADVISER) -> Account:
    """One agent among several."""
    address = f"agent-{rank}@mese.example"
    return Account.objects.create(
        identifier=address, email=address, role=role, display_name=f"Agent {rank}", password="!"
    )
