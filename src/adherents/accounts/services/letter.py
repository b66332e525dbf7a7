"""The code in a letter to a member that no mail can reach: made, typed, used once (G10).

It does what a link does (G7), by post: the page asks for the birth date too, a wrong date counts, and the fifth one kills the
code. The answer is the same and costs the same, whatever is wrong in what was typed.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.policy_from_profile import link_validity
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import (
    DeadLink,
    WrongBirthDate,
    check_birth_date,
    give_back_attempt,
)
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.ui.typed import bare, without_separators

# Douglas Crockford's thirty-two: neither I, L, O nor U, and who reads 1 or 0 as one of them is understood.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12  # 60 bits
GROUP = 4
_MISREAD = str.maketrans("ILO", "110")
_SIGNER = signing.TimestampSigner(salt="adherents.letter")


class WrongLetterCode(Exception):
    """No live letter has this code and this birth date. It is not said which is wrong, nor whether there was one."""


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def grouped(code: str) -> str:
    """« 7K2M-Q8XD-04RT », as the letter prints it."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(typed: str) -> str:
    """A code as it was made, however it is typed; "" for what is none."""
    code = without_separators(bare(typed)).upper().translate(_MISREAD)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


@needs_transaction
def put_in_letter(
    *, account: Account, code: str, expires_at: datetime, actor: str, reason: str
) -> AccessLink:
    """From now on this code, in place of any before it, opens the account. `expires_at`: of `rules.letter_ends`.

    Must be called in a transaction. The code itself is in the letter only; here, a keyed hash of it.
    """
    now = timezone.now()
    letters = AccessLink.objects.letters().filter(account=account)
    letters.filter(used_at__isnull=True, killed_at__isnull=True).update(killed_at=now)
    link = AccessLink.objects.create(
        account=account,
        purpose=Purpose.LETTER,
        token_hash=AccessLink.hash_code(code),
        created_at=now,
        expires_at=expires_at,
    )
    record(Event.LETTER_MADE, subject=account.subject, actor=actor, reason=reason)
    return link


def open_letter(*, code: str, birth_date: str, client: Client) -> str:
    """A ticket for the page where a password is chosen. Uses nothing up. Raises `WrongLetterCode` or `Locked`.

    `code`: of `read_code`. `birth_date`: AAAA-MM-JJ.
    """
    link = AccessLink.objects.opened_by_code(code)
    if link is None or link.account.closed_at is not None:
        _count_for_nothing()
        raise WrongLetterCode
    try:
        check_birth_date(link, birth_date)
    except (WrongBirthDate, DeadLink) as error:
        raise WrongLetterCode from error
    if not give_back_attempt(link):
        raise WrongLetterCode
    lock.check_not_waiting(link.account.identifier, lock.device_of(link.account, client))
    return _SIGNER.sign_object({"letter": link.pk})


def _count_for_nothing() -> None:
    """Spend on a code that opens nothing what a wrong birth date costs."""
    with transaction.atomic():
        no_link = AccessLink.objects.live().filter(pk=0)
        no_link.update(birth_date_failures=F("birth_date_failures") + 1)
        no_link.values_list("birth_date_failures", flat=True).first()
    with transaction.atomic():
        record(Event.CODE_REFUSED, subject="letters")


def opened(*, ticket: str) -> AccessLink:
    """The live letter that a ticket stands for, as long as a link by mail would live. Raises `DeadLink`."""
    try:
        letter = _SIGNER.unsign_object(ticket, max_age=link_validity())["letter"]
    except signing.BadSignature as error:
        raise DeadLink from error
    link = AccessLink.objects.live().letters().select_related("account").filter(pk=letter).first()
    if link is None or link.account.closed_at is not None:
        raise DeadLink
    return link


def on_their_way(accounts: Iterable[Account]) -> dict[int, AccessLink]:
    """The live letters of these accounts, by account."""
    links = AccessLink.objects.live().letters().filter(account__in=list(accounts))
    return {link.account_id: link for link in links}
