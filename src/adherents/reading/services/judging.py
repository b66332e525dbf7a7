"""What people say of a value that was read: an agent judges it, its member answers. Nothing else changes."""

import uuid
from datetime import timedelta

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.reading.models import FieldTally, Judgement, MemberAnswer, PaperField
from adherents.reading.selectors import ASKS
from adherents.vault.models import Document


class ValueRefused(Exception):
    """Why this cannot be said of the value, in words for the person who says it."""

    message: str | Promise = _("Cette valeur n’est plus là : le document a été repris, effacé ou décidé.")


class NoLongerJudges(ValueRefused):
    message = _("Vous ne traitez plus de documents.")


def judge_value(*, agent: Account, document_id: uuid.UUID, field_id: int, judgement: str) -> None:
    """An agent says that a value is right or wrong. Another judgement takes its place, in the figures too.

    The insurer's systems are told of what is right, and of what was and is not any more: by its code, never its value.
    Raises `ValueRefused`.
    """
    if judgement not in Judgement.values:
        raise ValueRefused
    with transaction.atomic():
        try:
            agent = check_act(agent=agent, act=Act.TREAT)
        except ActRefused as error:
            raise NoLongerJudges from error
        document, field = _locked(Document.objects.kept().filter(relocated_at=None), document_id, field_id)
        if field.judgement == judgement:
            return
        was_right = field.judgement == Judgement.RIGHT
        if field.judgement and field.judged_at is not None:
            _count(field, -1)
        field.judgement, field.judged_at, field.judged_by = judgement, timezone.now(), agent
        field.save(update_fields=["judgement", "judged_at", "judged_by"])
        record(
            Event.VALUE_JUDGED,
            subject=document.subject,
            owner=document.owner,
            actor=agent.actor,
            code=field.code,
            judgement=judgement,
        )
        if was_right or judgement == Judgement.RIGHT:
            kind = EventType.READING_WITHDRAWN if was_right else EventType.READING_CONFIRMED
            announce(kind, subject=document.subject, owner=document.owner, code=field.code)
        _count(field, 1)


def answer_value(*, acting: Acting, document_id: uuid.UUID, field_id: int, answer: str) -> None:
    """The member says yes or no of the account that was read on their document, as long as it waits. Raises `ValueRefused`."""
    if answer not in MemberAnswer.values:
        raise ValueRefused
    with transaction.atomic():
        own = Document.objects.kept().filter(
            member=acting.file, state__in=ASKS, set_aside="", relocated_at=None
        )
        document, field = _locked(own, document_id, field_id)
        if field.code != "iban":
            raise ValueRefused
        if field.member_answer == answer:
            return
        field.member_answer, field.answered_at = answer, timezone.now()
        field.save(update_fields=["member_answer", "answered_at"])
        record(
            Event.VALUE_ANSWERED,
            subject=document.subject,
            owner=document.owner,
            actor=acting.actor,
            code=field.code,
            answer=answer,
        )


def _locked(
    documents: "models.QuerySet[Document]", document_id: uuid.UUID, field_id: int
) -> tuple[Document, PaperField]:
    """The document and then the value, as they are now. Raises `ValueRefused`."""
    document = documents.select_for_update(no_key=True).defer("wrapped_key").filter(pk=document_id).first()
    fields = PaperField.objects.select_for_update(of=("self",)).select_related("reading")
    field = fields.filter(pk=field_id, reading__document=document_id).first()
    if document is None or field is None:
        raise ValueRefused
    return document, field


def _count(field: PaperField, by: int) -> None:
    """Add a judged value to the week of its judgement, or take it away. The last of a transaction: others wait for this row."""
    moment = timezone.localdate(field.judged_at)
    cell = {
        "week": moment - timedelta(days=moment.weekday()),
        "code": field.code,
        "letters": field.reading.letters,
    }
    FieldTally.objects.bulk_create([FieldTally(**cell)], ignore_conflicts=True)
    FieldTally.objects.filter(**cell).update(**{field.judgement: F(field.judgement) + by})
