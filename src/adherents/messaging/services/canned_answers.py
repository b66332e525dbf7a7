"""The answers kept ready: a supervisor writes, changes and removes them."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.messaging.models import CannedAnswer


class TitleTaken(Exception):
    """Another answer has this title."""

    message = _("Une autre réponse porte déjà ce titre.")


def keep(*, agent: Account, title: str, fr: str, en: str, answer_id: int | None = None) -> CannedAnswer:
    """Write a new answer, or change one. Raises `TitleTaken` or `CannedAnswer.DoesNotExist`."""
    with transaction.atomic():
        kept = CannedAnswer.objects.select_for_update().get(pk=answer_id) if answer_id else CannedAnswer()
        kept.title, kept.fr, kept.en, kept.changed_at = title, fr, en, timezone.now()
        try:
            with transaction.atomic():
                kept.save()
        except IntegrityError as error:
            raise TitleTaken from error
        about = subject_of(SubjectKind.ANSWER, answer_id) if answer_id else ""
        drafts.done(about, account_id=agent.pk, kind=DraftKind.CANNED_ANSWER)
        record(
            Event.CANNED_ANSWER_CHANGED,
            subject=subject_of(SubjectKind.ANSWER, kept.pk),
            actor=agent.actor,
            new=answer_id is None,
        )
    return kept


def remove(*, agent: Account, answer_id: int) -> None:
    """What was sent with its words stays. Twice is once."""
    with transaction.atomic():
        if CannedAnswer.objects.filter(pk=answer_id).delete()[0]:
            drafts.forget(about=subject_of(SubjectKind.ANSWER, answer_id), kinds=[DraftKind.CANNED_ANSWER])
            record(
                Event.CANNED_ANSWER_REMOVED,
                subject=subject_of(SubjectKind.ANSWER, answer_id),
                actor=agent.actor,
            )
