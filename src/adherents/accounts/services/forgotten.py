"""« Mot de passe oublié ? » (G5): a question, a request, and later, in the worker, a mail or nothing.

The request only writes down what was asked: the same row for everybody, so that neither its answer nor its delay says
whether there is an account. The worker finds that out.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from adherents.accounts.client import Client
from adherents.accounts.models import (
    Account,
    MathQuestion,
    Purpose,
    ResetRequest,
    normalise_identifier,
)
from adherents.accounts.services import access_link
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.work.services import do_each

QUESTION_LIFE = timedelta(minutes=30)


class WrongAnswer(Exception):
    """The question was answered wrongly, already used, or too old: a fresh one is asked."""


def ask_question() -> MathQuestion:
    """A fresh question (9 + 11 =): two numbers from 1 to 20."""
    return MathQuestion.objects.create(
        left=1 + secrets.randbelow(20),
        right=1 + secrets.randbelow(20),
        expires_at=timezone.now() + QUESTION_LIFE,
    )


def check_answer(*, question_id: str, answer: int) -> None:
    """Use a question up. Raises `WrongAnswer`; one DELETE settles which of two parallel answers counts."""
    question = MathQuestion.objects.filter(pk=question_id, expires_at__gt=timezone.now()).first()
    deleted, _ = MathQuestion.objects.filter(pk=question_id).delete()
    if question is None or not deleted or answer != question.left + question.right:
        raise WrongAnswer


def request_link(*, identifier: str, question_id: str, answer: int, client: Client) -> None:
    """Write down that a link is wanted for this number. Raises `WrongAnswer`."""
    check_answer(question_id=question_id, answer=answer)
    ResetRequest.objects.create(
        identifier=normalise_identifier(identifier),
        device_hashes=[hash_token(token) for token in client.device_tokens],
    )


def settle(request: ResetRequest) -> None:
    """Mail the link, or until when to wait (G11), or nothing; then forget the request."""
    with transaction.atomic():
        account = Account.objects.select_for_update().identified_by(request.identifier)
        if account is not None:
            record(Event.LINK_REQUESTED, subject=account.subject)
            invited = account.is_agent and not account.has_usable_password()
            access_link.answer_request(
                account=account,
                purpose=Purpose.INVITATION if invited else Purpose.RESET,
                device_hashes=request.device_hashes,
            )
        request.delete()


def settle_due(limit: int = 50) -> int:
    """Settle the requests that wait; how many."""
    return do_each(ResetRequest.objects.claim_due(limit), settle)


def forget_old_questions() -> int:
    """Drop the questions that nobody answered."""
    return MathQuestion.objects.filter(expires_at__lt=timezone.now()).delete()[0]
