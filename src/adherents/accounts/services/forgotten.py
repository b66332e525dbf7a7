"""« Mot de passe oublié ? » (G5): the person asks for a link; later the worker sends a mail, or nothing.

The request only writes down what was asked. Every request writes the same row, so neither its answer nor its delay says
whether there is an account. The worker finds that out.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from adherents.accounts import genuine
from adherents.accounts.by_directory import comes_by_directory_only
from adherents.accounts.client import Client
from adherents.accounts.models import Account, Purpose, ResetRequest, normalise_identifier
from adherents.accounts.services import access_link, single_use
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.work.services import do_each

QUESTION, QUESTION_LIFE = "question", timedelta(minutes=30)


class WrongAnswer(Exception):
    """The question was answered wrongly, already used, or too old: a fresh one is asked."""


@dataclass(frozen=True, slots=True)
class MathQuestion:
    """A question of the page. `token`: 76 hexadecimal digits, which say nothing of the numbers."""

    token: str
    left: int
    right: int


def ask_question() -> MathQuestion:
    """A fresh question (9 + 11 =): two numbers from 1 to 20. Asking writes nothing, however often it is done."""
    token = genuine.make(QUESTION).hex()
    return MathQuestion(token, *_numbers(token))


def check_answer(*, question: str, answer: int) -> None:
    """Use a question up, whatever the answer. Raises `WrongAnswer`; of two parallel answers one counts."""
    try:
        token = bytes.fromhex(question)
    except ValueError as error:
        raise WrongAnswer from error
    ends = genuine.expiry(token, purpose=QUESTION, life=QUESTION_LIFE)
    if ends is None or not single_use.use(token=token.hex(), expires_at=ends):
        raise WrongAnswer
    if answer != sum(_numbers(token.hex())):
        raise WrongAnswer


def _numbers(token: str) -> tuple[int, int]:
    """The numbers of a question: only the server's key finds them from its token."""
    drawn = salted_hmac(QUESTION, token, algorithm="sha256").digest()
    return 1 + int.from_bytes(drawn[:8]) % 20, 1 + int.from_bytes(drawn[8:16]) % 20


def request_link(*, identifier: str, question: str, answer: int, client: Client) -> None:
    """Write down that a link is wanted for this number. Raises `WrongAnswer`."""
    check_answer(question=question, answer=answer)
    ResetRequest.objects.create(
        identifier=normalise_identifier(identifier),
        device_hashes=[hash_token(token) for token in client.device_tokens],
    )


def settle(request: ResetRequest) -> None:
    """Mail the link, or until when to wait (G11), or nothing; then forget the request."""
    with transaction.atomic():
        account = Account.objects.select_for_update().identified_by(request.identifier)
        if account is not None and account.is_agent and comes_by_directory_only(account.identifier):
            record(Event.LINK_REQUESTED, subject=account.subject)
            record(Event.LINK_NOT_SENT, subject=account.subject, why="directory")
        elif account is not None:
            record(Event.LINK_REQUESTED, subject=account.subject)
            invited = account.is_agent and not account.has_usable_password()
            access_link.answer_request(
                account=account,
                purpose=Purpose.INVITATION if invited else Purpose.RESET,
                device_hashes=request.device_hashes,
            )
        request.delete()


def settle_due(limit: int = 50) -> int:
    """Settle the requests that wait. Returns how many."""
    return do_each(ResetRequest.objects.claim_due(limit), settle)
