"""Looking at a member's record, a NIR or a document: each look is journalled, once a visit."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.crypto.rows import readable
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services.viewing import note_opening

SAME_VISIT = timedelta(minutes=10)


def consult(*, agent: Account, member: Member) -> None:
    """Journal that the agent has this record on the screen. What follows within minutes is the same visit."""
    if not _visited_just_now(Event.MEMBER_CONSULTED, member.subject, agent):
        with transaction.atomic():
            record(Event.MEMBER_CONSULTED, subject=member.subject, actor=agent.actor)


def open_document(*, agent: Account, document: Document) -> None:
    """Journal that the agent opened this document, for the member too. Its other pages are no new opening."""
    if not _visited_just_now(Event.DOCUMENT_OPENED, document.subject, agent):
        note_opening(document=document, actor=agent.actor)


def show_nir(*, agent: Account, member: Member, reason: str) -> str:
    """The whole NIR, to an agent who says why. "" where the register has none, or where it does not open."""
    with transaction.atomic():
        record(Event.NIR_SHOWN, subject=member.subject, actor=agent.actor, reason=reason)
    return readable(member, "nir")


def _visited_just_now(event: Event, subject: str, agent: Account) -> bool:
    since = timezone.now() - SAME_VISIT
    mine = Entry.objects.about(subject).filter(event=event, actor=agent.actor, at__gt=since)
    return mine.exists()
