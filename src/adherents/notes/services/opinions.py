"""« Avis »: an agent asks a colleague about a document without giving it up, and the colleague answers in words.

Nothing moves: not the queue, not the lease, not what the member reads. Each step is settled under the opinion's row lock.
"""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.notes.models import Opinion, waits_itself
from adherents.notes.services.standing import NotesRefused, lock_agent, lock_document
from adherents.ui.typed_days import A_YEAR
from adherents.vault.models import Document


class OpinionRefused(NotesRefused):
    message = _("Cette demande d’avis n’attend plus : elle a été annulée, ou a sa réponse.")


class CannotBeAsked(OpinionRefused):
    message = _("Choisissez un collègue qui travaille au service.")
    field = "colleague"


class AskedAlready(OpinionRefused):
    message = _("Un avis est déjà demandé à cette personne sur ce document.")
    field = "colleague"


class DayIsOver(OpinionRefused):
    message = _("Choisissez aujourd’hui ou un jour à venir.")
    field = "due_on"


class OpinionDayTooLate(OpinionRefused):
    message = _("Choisissez un jour d’ici un an.")
    field = "due_on"


class NotYourOpinion(OpinionRefused):
    message = _("Cet avis est demandé à une autre personne.")


class NothingToDecide(OpinionRefused):
    message = _("Ce document n’attend plus de décision.")


def ask_opinion(
    *, agent: Account, document: Document, colleague: Account, question: str, due_on: date
) -> Opinion:
    """Ask a colleague. Raises a `NotesRefused`."""
    if due_on < timezone.localdate():
        raise DayIsOver
    if due_on > last_day_to_ask():
        raise OpinionDayTooLate
    try:
        with transaction.atomic():
            if len(lock_agent(agent, colleague)) < 2:  # itself, or who does not read documents
                raise CannotBeAsked
            document = lock_document(document)
            if not waits_itself(document):
                raise NothingToDecide
            opinion = Opinion.objects.create(
                document=document, asker=agent, colleague=colleague, question=question, due_on=due_on
            )
            drafts.done(document.subject, account_id=agent.pk, kind=DraftKind.OPINION)
            _record(Event.OPINION_ASKED, opinion, document, agent, to=colleague.actor)
    except IntegrityError as error:
        raise AskedAlready from error
    return opinion


def give_opinion(*, agent: Account, opinion: Opinion, answer: str) -> Opinion:
    """Answer: the colleague who was asked, and nobody else. Raises a `NotesRefused`."""
    check_expected(agent=agent, opinion=opinion)
    with transaction.atomic():
        row = _open(agent, opinion)
        row.answer, row.answered_at = answer, timezone.now()
        row.save(update_fields=["answer", "answered_at"])
        drafts.done(row.reference, account_id=agent.pk, kind=DraftKind.OPINION)
        _record(Event.OPINION_GIVEN, row, row.document, agent)
    return row


def withdraw_opinion(*, agent: Account, opinion: Opinion) -> None:
    """The asker needs it no more. Raises a `NotesRefused`."""
    if opinion.asker_id != agent.pk:
        raise NotYourOpinion
    with transaction.atomic():
        row = _open(agent, opinion)
        row.withdrawn_at = timezone.now()
        row.save(update_fields=["withdrawn_at"])
        _record(Event.OPINION_WITHDRAWN, row, row.document, agent)


def check_expected(*, agent: Account, opinion: Opinion) -> None:
    """Raise the `OpinionRefused` that keeps this agent from answering."""
    if opinion.colleague_id != agent.pk:
        raise NotYourOpinion
    if not opinion.is_open:
        raise OpinionRefused


def last_day_to_ask() -> date:
    """The last day by which an answer can be wanted."""
    return timezone.localdate() + A_YEAR


def _open(agent: Account, opinion: Opinion) -> Opinion:
    lock_agent(agent)
    lock_document(opinion.document)
    rows = Opinion.objects.select_for_update(of=("self",)).select_related("document")
    row: Opinion = rows.get(pk=opinion.pk)
    if not row.is_open:
        raise OpinionRefused
    return row


def _record(event: Event, opinion: Opinion, document: Document, agent: Account, **details: str) -> None:
    record(
        event,
        subject=document.subject,
        owner=document.owner,
        actor=agent.actor,
        opinion=opinion.pk,
        **details,
    )
