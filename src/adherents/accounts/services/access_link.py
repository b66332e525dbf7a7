"""The link sent by mail: sent, opened, used once, dead after that (G6, G7)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from adherents.accounts import mails, policy
from adherents.accounts.client import Client
from adherents.accounts.models import (
    SETS_A_PASSWORD,
    AccessLink,
    Account,
    KnownDevice,
    Purpose,
)
from adherents.accounts.policy_from_profile import link_validity
from adherents.accounts.services import lock, passwords
from adherents.accounts.tokens import hash_token
from adherents.database.transactions import needs_transaction
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record

LINKS_AN_HOUR = 5


class DeadLink(Exception):
    """Used, too old, killed, or never sent: the answer does not say which."""


class WrongBirthDate(Exception):
    """`left`: how many more wrong dates the link bears (0: it is dead now)."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


@dataclass(frozen=True)
class OpenedAccess:
    """What the last screen says."""

    account: Account
    purpose: str


@needs_transaction
def send_link(*, account: Account, purpose: str = Purpose.RESET, actor: str = "system") -> bool:
    """Mail a fresh link; the older ones stay alive until one of them is used. False: no address on file (G10).

    Must be called in a transaction. The token is in the sealed mail only; here, a hash of it.
    """
    if not account.email:
        record(Event.LINK_NOT_SENT, subject=account.subject, actor=actor, why="no_address")
        return False
    token = make_link(account=account, purpose=purpose, validity=link_validity())
    mails.access_link(account, purpose=purpose, token=token)
    sent = Event.NEW_FACTOR_LINK_SENT if purpose == Purpose.SECOND_FACTOR else Event.LINK_SENT
    record(sent, subject=account.subject, actor=actor, purpose=str(purpose))
    return True


def make_link(*, account: Account, purpose: str, validity: timedelta) -> str:
    """The token of a fresh link. It goes into a sealed mail, and nowhere else: what is kept is its hash."""
    token, now = AccessLink.new_token(), timezone.now()
    AccessLink.objects.create(
        account=account,
        purpose=purpose,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=now + validity,
    )
    return token


def answer_request(*, account: Account, purpose: str, device_hashes: list[str]) -> None:
    """What a person who asked for a link gets: the link, or until when to wait (G11), or nothing.

    Nothing for a closed account, nor past an hour's number: a flood of requests fills no mailbox. The caller holds the
    account's row under lock. `device_hashes`: of the tokens in the device cookie that asked.
    """
    if account.closed_at is not None:
        return
    device = KnownDevice.objects.filter(account=account, token_hash__in=device_hashes).first()
    an_hour_ago = timezone.now() - timedelta(hours=1)
    try:
        lock.check_not_waiting(account.identifier, device)
    except lock.Locked as locked:
        mails.reset_waits(account, until=locked.until)
        return
    if account.identity_wanted_since is not None and purpose == Purpose.RESET:
        record(Event.LINK_NOT_SENT, subject=account.subject, why="identity_wanted")
        mails.identity_wanted(account)
        return
    recent = AccessLink.objects.filter(
        account=account, purpose__in=SETS_A_PASSWORD, created_at__gt=an_hour_ago
    )
    if recent.count() >= LINKS_AN_HOUR:
        record(Event.LINK_NOT_SENT, subject=account.subject, why="too_many")
        return
    send_link(account=account, purpose=purpose)


def open_link(*, token: str, purposes: Collection[str] = SETS_A_PASSWORD) -> AccessLink:
    """The live link behind a token, for one of these purposes. Changes nothing: mail scanners open links too.

    Raises `DeadLink`.
    """
    link = AccessLink.objects.opened_by(token)
    if link is None or link.purpose not in purposes or link.account.closed_at is not None:
        raise DeadLink
    return link


def use_link(*, token: str, birth_date: str, password: str, client: Client) -> OpenedAccess:
    """Set the password that its reader chose. Raises `DeadLink`, `WrongBirthDate`, `Locked` or `WeakPassword`.

    `birth_date`: AAAA-MM-JJ; ignored for an agent's invitation. Whatever happens in parallel, a link sets one password.
    """
    link = open_link(token=token)
    device = lock.device_of(link.account, client)
    lock.check_not_waiting(link.account.identifier, device)
    if link.account.is_agent:
        encoded = passwords.encode_new(account=link.account, password=password)
        return set_password(link=link, encoded=encoded, client=client)
    check_birth_date(link, birth_date)
    try:
        encoded = passwords.encode_new(account=link.account, password=password)
        return set_password(link=link, encoded=encoded, client=client)
    except Exception as error:
        # The date was right: whatever stopped the rest, it is no wrong one. What died meanwhile answers as the dead do.
        if not give_back_attempt(link):
            raise DeadLink from error
        raise


def look_over(*, token: str, birth_date: str, password: str, client: Client) -> None:
    """What else is wrong on a page that is refused already; "" for what was not said. Raises what `use_link` raises.

    A birth date counts as one that sets a password. The password is held against its person only after a right one.
    """
    link = open_link(token=token)
    lock.check_not_waiting(link.account.identifier, lock.device_of(link.account, client))
    if not link.account.is_agent:
        if not birth_date:
            passwords.check_in_itself(password)
            return
        check_birth_date(link, birth_date)
        if not give_back_attempt(link):
            raise DeadLink
    if password:
        passwords.check_new(account=link.account, password=password)


def set_password(*, link: AccessLink, encoded: str, client: Client) -> OpenedAccess:
    """The end of each way in that a link or a letter opens. `encoded`: of `encode_new`, which `link.account` was given to.

    Everything is looked at again under the account's row lock. Raises `DeadLink`, `Locked` or `PasswordChangedMeanwhile`.
    """
    device = lock.device_of(link.account, client)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=link.account_id)
        if account.closed_at is not None or not use_up(link):
            raise DeadLink
        lock.check_not_waiting(account.identifier, device)
        passwords.store(account=account, encoded=encoded, checked_against=link.account.password)
        lock.clear(account.identifier)
        lock.trust_the_mailbox(account)
        account.sessions.all().delete()
        record(Event.PASSWORD_SET, subject=account.subject, actor=account.subject, purpose=link.purpose)
        mails.password_set(account)
    return OpenedAccess(account, link.purpose)


def use_up(link: AccessLink) -> bool:
    """One conditional UPDATE settles which of two parallel uses is the one. The account's other links die with it."""
    now = timezone.now()
    used = AccessLink.objects.live().filter(pk=link.pk).update(used_at=now)
    AccessLink.objects.kill_all_of(link.account)
    return used == 1


def check_birth_date(link: AccessLink, birth_date: str) -> None:
    """Count one more attempt, then look at the date: however many come at once, five are looked at, and the fifth wrong
    one kills the link (G7). A right one is given back by the caller. Raises `WrongBirthDate` or `DeadLink`.
    """
    tries = profile().password.birth_date_tries
    attempt = _take_attempt(link, tries)
    if policy.same_birth_date(birth_date, link.account.birth_date):
        return
    with transaction.atomic():
        is_last = attempt >= tries
        if is_last:
            # The link before the journal, in the order of `set_password`: the other way round, the two would wait for each other.
            AccessLink.objects.filter(pk=link.pk).update(killed_at=timezone.now())
        record(Event.BIRTH_DATE_REFUSED, subject=link.account.subject, attempt=attempt)
        if is_last:
            record(Event.LINK_KILLED, subject=link.account.subject, why="birth_date")
    raise WrongBirthDate(tries - attempt)


def _take_attempt(link: AccessLink, tries: int) -> int:
    """The number of this attempt: one conditional UPDATE gives each number once. Raises `DeadLink` where none is left."""
    with transaction.atomic():
        mine = AccessLink.objects.live().filter(pk=link.pk, birth_date_failures__lt=tries)
        if not mine.update(birth_date_failures=F("birth_date_failures") + 1):
            raise DeadLink
        # The row stays locked until the end of the transaction, so the number that is read is this account's.
        return AccessLink.objects.values_list("birth_date_failures", flat=True).get(pk=link.pk)


def give_back_attempt(link: AccessLink) -> bool:
    """The date was right: its attempt counts as if it had not been. False: the link is dead by now."""
    mine = AccessLink.objects.live().filter(pk=link.pk, birth_date_failures__gt=0)
    return mine.update(birth_date_failures=F("birth_date_failures") - 1) == 1
