"""Signing in with the n° adhérent and the password (G1, G4, G11)."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from adherents.accounts import mails, policy
from adherents.accounts.by_directory import comes_by_directory_only, is_break_glass
from adherents.accounts.client import Client
from adherents.accounts.models import (
    Account,
    KnownDevice,
    Purpose,
    Session,
    SessionEndReason,
    normalise_identifier,
)
from adherents.accounts.policy import SignInOutcome
from adherents.accounts.services import lock, new_factor, single_use
from adherents.accounts.services.access_link import make_link
from adherents.accounts.services.lock import Locked
from adherents.accounts.tokens import hash_token
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import Occurrence, record, record_each
from adherents.telemetry import metrics
from adherents.ui.typed import without_separators

log = logging.getLogger("adherents.accounts")


class SignInRefused(Exception):
    """Wrong number or wrong password: the answer does not say which. `left`: how many attempts remain before the lock."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class Expired(Exception):
    """The right password, past its renewal: « votre mot de passe est périmé » (G4)."""


PAST_THE_DIRECTORY = "by directory:"  # it cannot be typed
REPORT_FOR = timedelta(days=30)  # a mail may wait through a holiday
_nobodys_hash: list[str] = []


def hash_for_nothing(password: str) -> None:
    """Compute one hash for an unknown or locked number too, so that it costs as much as the others."""
    if not _nobodys_hash:
        _nobodys_hash.append(make_password(secrets.token_hex(16)))
    check_password(password, _nobodys_hash[0])


@contextmanager
def _refusals_counted() -> Iterator[None]:
    try:
        yield
    except SignInRefused:
        metrics.SIGN_INS.labels("refused").inc()
        raise
    except Locked:
        metrics.SIGN_INS.labels("locked").inc()
        raise
    except Expired:
        metrics.SIGN_INS.labels("expired").inc()
        raise


@_refusals_counted()
def check_credentials(*, identifier: str, password: str, client: Client, agents: bool = False) -> Account:
    """The account that this number and this password open. Raises `SignInRefused`, `Locked` or `Expired`.

    Each call costs one password hash, whatever the answer. The try is counted before it is made.
    """
    identifier = normalise_identifier(identifier)
    account = Account.objects.with_factors().identified_by(identifier)
    if account is not None and account.is_agent != agents:
        account = None
    # One counter however the number is written: dashes would buy five more tries each.
    identifier = account.identifier if account else without_separators(identifier)
    if agents and comes_by_directory_only(identifier):
        # As for an address that nobody has. Counted apart: a stranger's guesses lock no agent out of the directory's way in.
        account, identifier = None, f"{PAST_THE_DIRECTORY}{identifier}"
    device = lock.device_of(account, client)
    try:
        attempt = lock.take_try(identifier, device)
    except Locked:
        hash_for_nothing(password)
        raise
    if account is not None and account.has_usable_password():
        right = check_password(password, account.password)
    else:
        hash_for_nothing(password)
        right = False
    if account is None or not right or account.closed_at is not None:
        until = lock.fail(attempt, account)
        if until is not None:
            raise Locked(until)
        raise SignInRefused(attempt.left)
    if account.has_second_factor:
        # Half of the way: only the second factor forgives, or a known password would buy any number of codes.
        lock.uncount(attempt)
    else:
        lock.clear_after_success(attempt)
    if account.is_expired:
        with transaction.atomic():
            record(Event.SIGN_IN_EXPIRED, subject=account.subject)
        raise Expired
    return account


@_refusals_counted()
def complete(*, account: Account, client: Client, method: str, directory_mark: str = "") -> str | None:
    """Everything asked for was right: check the lock once more under the row lock, then let in. Every way in ends here.

    `directory_mark`: of the session in the directory, where an agent came that way. Returns a new device token for the browser's
    cookie, or None when it has one. Raises `Locked` or `SignInRefused`.
    """
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        _check_way_in(current, directory_mark)
        device = lock.device_of(current, client)
        lock.check_open(current.identifier, device)
        if (
            policy.outcome(
                right=current.password == account.password,
                closed=current.closed_at is not None,
                expired=False,
                locked_meanwhile=False,
                locks=False,
            )
            is not SignInOutcome.SIGNED_IN
        ):
            raise SignInRefused(0)
        now = timezone.now()
        Account.objects.filter(pk=current.pk).update(last_sign_in_at=now)
        token = None
        if device is not None:
            KnownDevice.objects.filter(pk=device.pk).update(last_seen_at=now)
        else:
            token = _remember_device(current, client)
        ended = _make_room_for_a_session(current)
        if current.is_agent:  # with the second factor that a request says is lost
            new_factor.withdraw(account=current)
        signed_in = Occurrence(Event.SIGNED_IN, current.subject, details={"method": method})
        record_each(*ended, signed_in, subject=current.subject)
        if current.is_agent and not directory_mark and is_break_glass(current.identifier):
            _tell_of_break_glass(current, client)
        transaction.on_commit(metrics.SIGN_INS.labels("signed_in").inc)
    return token


def _check_way_in(account: Account, directory_mark: str) -> None:
    """Raises `SignInRefused` for an agent who comes past the directory, or from a session that has ended there meanwhile."""
    if not account.is_agent:
        return
    if not directory_mark:
        if comes_by_directory_only(account.identifier):
            raise SignInRefused(0)
    elif single_use.is_used(token=directory_mark):
        raise SignInRefused(0)


def _tell_of_break_glass(account: Account, client: Client) -> None:
    """A person has used it, for whatever reason: the administrateurs know at once."""
    record(Event.BREAK_GLASS_USED, subject=account.subject, actor=account.subject)
    for administrator in Account.objects.active_administrators():
        mails.break_glass_used(administrator, browser=client.browser)
    transaction.on_commit(lambda: log.warning("the break-glass account signed in"))


def _remember_device(account: Account, client: Client) -> str:
    """Remember the first browser; for another one later, tell the member too."""
    token = secrets.token_hex(16)
    is_first = account.last_sign_in_at is None
    KnownDevice.objects.create(account=account, token_hash=hash_token(token))
    if not is_first:
        record(Event.NEW_DEVICE, subject=account.subject)
        report = make_link(account=account, purpose=Purpose.STRANGER, validity=REPORT_FOR)
        mails.new_device(account, browser=client.browser, token=report)
    return token


def _make_room_for_a_session(account: Account) -> list[Occurrence]:
    """Past the profile's number of sessions at once, the oldest end. One query where there is room."""
    return _keep_the_newest(account, _most_sessions(account) - 1)


def settle_sessions(*, account: Account) -> None:
    """Two sign-ins at the same moment each made room for one: once their sessions are there, the newest stays."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if ended := _keep_the_newest(current, _most_sessions(current)):
            record_each(*ended, subject=current.subject)


def _most_sessions(account: Account) -> int:
    return profile().agents.max_sessions if account.is_agent else profile().session.max_sessions


def _keep_the_newest(account: Account, most: int) -> list[Occurrence]:
    """Keep the newest sessions. Returns what the journal writes of it: nothing, or one event."""
    newest_first = Session.objects.filter(account=account).newest_first()
    ended = newest_first[most:].end(SessionEndReason.ELSEWHERE)
    return [Occurrence(Event.SESSIONS_ENDED, details={"count": ended})] if ended else []
