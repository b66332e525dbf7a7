"""Internal notes. The journal says who wrote or removed one, about whom and when, and never what it says."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.crypto.rows import readable
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.notes.models import Note, Occasion
from adherents.notes.services.retention import over_since
from adherents.notes.services.standing import DocumentGone, NotesRefused, lock_agent, lock_document
from adherents.vault.models import Document
from adherents.vault.services.standing import lock

SENT_TWICE = timedelta(minutes=2)


class NoteRefused(NotesRefused):
    message = _("Seuls l’auteur d’une note et un responsable peuvent la retirer.")


class NoTime(NotesRefused):
    message = _("Dites quand : un jour et une heure passés.")
    field = "happened_at"


class TooOld(NotesRefused):
    """Notes of that day are erased already."""

    message = _("Vérifiez l’année : une note aussi ancienne n’est plus gardée.")
    field = "happened_at"


def write_note(
    *,
    agent: Account,
    member: Member,
    document: Document | None = None,
    words: str,
    occasion: str = Occasion.REMARK,
    with_whom: str = "",
    happened_at: datetime | None = None,
) -> Note:
    """Note something of a member, or of one of their documents. The same form that is sent twice writes once.

    `happened_at`: when the call or the visit was; a remark has none. Raises a `NotesRefused`.
    """
    now = timezone.now()
    if occasion == Occasion.REMARK:
        happened_at, with_whom = None, ""
    elif happened_at is None or happened_at > now:
        raise NoTime
    elif happened_at < over_since():
        raise TooOld
    said = {"occasion": occasion, "with_whom": with_whom, "happened_at": happened_at, "words": words}
    subject = document.subject if document else member.subject
    with transaction.atomic():
        lock_agent(agent)
        lock(member)
        if document is not None and lock_document(document).member_id != member.pk:
            raise DocumentGone
        last = Note.objects.filter(author=agent, member=member, document=document).order_by("-pk").first()
        if last is not None and last.at > now - SENT_TWICE and _said_in(last) == said:
            return last
        note = Note.objects.create(member=member, document=document, author=agent, at=now, **said)
        drafts.done(subject, account_id=agent.pk, kind=DraftKind.NOTE)
        record(Event.NOTE_WRITTEN, subject=subject, owner=member.subject, actor=agent.actor, note=note.pk)
    return note


def _said_in(note: Note) -> dict[str, object]:
    """All that was typed in its form."""
    sealed = {name: readable(note, name) for name in ("with_whom", "words")}
    return sealed | {"occasion": note.occasion, "happened_at": note.happened_at}


def remove_note(*, agent: Account, note: Note, reason: str) -> None:
    """Remove a note that is wrong, or of somebody else: its author, or a responsable. Raises a `NotesRefused`."""
    subject = note.document.subject if note.document else note.member.subject
    with transaction.atomic():
        [current] = lock_agent(agent)
        if not note.may_be_removed_by(current):
            raise NoteRefused
        if note.document is not None:
            lock_document(note.document)
        removed, _rows = Note.objects.filter(pk=note.pk).delete()
        if removed:
            record(
                Event.NOTE_REMOVED,
                subject=subject,
                owner=note.member.subject,
                actor=agent.actor,
                note=note.pk,
                reason=reason,
            )
