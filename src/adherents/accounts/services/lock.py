"""Counting wrong passwords, locking, and ending a lock (G11).

A browser that has signed in before has its own counter; all the others share one. So a stranger who fills the shared one
keeps no member out of the browser they use. A number that belongs to no account is counted in the same way.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils import timezone

from adherents.accounts import mails, policy
from adherents.accounts.client import Client
from adherents.accounts.models import Account, KnownDevice, SignInCounter, SignInCounterQuerySet
from adherents.accounts.policy import Counter, Gate
from adherents.accounts.policy_from_profile import lock_rules
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of


class Locked(Exception):
    """Nothing is tried any more. `until` may be past: then only a new password opens."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until

    @classmethod
    def since(cls, locked_at: datetime) -> "Locked":
        return cls(lock_rules().end_of(locked_at))

    @property
    def waits(self) -> bool:
        return timezone.now() < self.until


@dataclass(frozen=True)
class Attempt:
    """A try that was counted before it is made. `left`: how many remain after it if it fails."""

    counter_id: int
    identifier: str
    device: KnownDevice | None
    number: int
    locked_at: datetime | None
    left: int


def device_of(account: Account | None, client: Client) -> KnownDevice | None:
    """The known browser that this cookie names, for this account only."""
    if account is None or not client.device_tokens:
        return None
    hashes = [hash_token(token) for token in client.device_tokens]
    return KnownDevice.objects.filter(account=account, token_hash__in=hashes).first()


def take_try(identifier: str, device: KnownDevice | None) -> Attempt:
    """Count one more try, by a conditional UPDATE, before any password is hashed. Raises `Locked`.

    Each number of a try is given once, however many requests come at once: a hundred of them test five passwords.
    """
    rules = lock_rules()
    while True:
        now = timezone.now()
        row = SignInCounter.objects.row_of(identifier, device)
        if row is None:
            first = _first_try(identifier, device, now)
            if first is None:
                continue
            return first
        if policy.gate(row.state, now, rules) is not Gate.OPEN:
            assert row.locked_at is not None
            raise Locked.since(row.locked_at)
        after = policy.take_try(row.state, now, rules)
        taken = SignInCounter.objects.filter(pk=row.pk, failures=row.failures, locked_at__isnull=True).update(
            failures=after.failures, locked_at=after.locked_at, touched_at=now
        )
        if taken:
            left = rules.tries - after.failures
            return Attempt(row.pk, identifier, device, after.failures, after.locked_at, left)


def _first_try(identifier: str, device: KnownDevice | None, now: datetime) -> Attempt | None:
    """Count the first try ever for this identifier in such a browser; None when another request was quicker."""
    after = policy.take_try(Counter(), now, lock_rules())
    try:
        with transaction.atomic():
            row = SignInCounter.objects.create(
                identifier_index=SignInCounter.index(identifier),
                device_id=device.pk if device else 0,
                failures=after.failures,
                locked_at=after.locked_at,
                touched_at=now,
            )
    except IntegrityError:
        return None
    return Attempt(row.pk, identifier, device, 1, after.locked_at, lock_rules().tries - 1)


def clear_after_success(attempt: Attempt) -> None:
    """The attempt was right: set the count back to zero. Raises `Locked` when another attempt locked meanwhile."""
    _write_count(attempt, SignInCounter.objects.all(), failures=0)


def uncount(attempt: Attempt) -> None:
    """The attempt was right, and another proof is still to come: uncount it. Raises `Locked` as `clear_after_success`."""
    _write_count(attempt, SignInCounter.objects.filter(failures__gt=0), failures=F("failures") - 1)


def _write_count(attempt: Attempt, counters: SignInCounterQuerySet, *, failures: int | Combinable) -> None:
    """One conditional UPDATE, and no lock any more. Raises `Locked` when another attempt locked meanwhile."""
    mine = counters.filter(pk=attempt.counter_id, locked_at=attempt.locked_at)
    if not mine.update(failures=failures, locked_at=None):
        current = SignInCounter.objects.filter(pk=attempt.counter_id).first()
        if current is not None and current.locked_at is not None:
            raise Locked.since(current.locked_at)


def fail(attempt: Attempt, account: Account | None) -> datetime | None:
    """The try was wrong: journal it, and tell the member when it was the one that locks. When the lock ends, if it does."""
    subject = account.subject if account else _subject_of_nobody(attempt.identifier)
    with transaction.atomic():
        record(Event.SIGN_IN_REFUSED, subject=subject, attempt=attempt.number)
        if attempt.locked_at is None:
            return None
        until = lock_rules().end_of(attempt.locked_at)
        if attempt.device is not None:
            # Somebody sits at the member's own browser: the others wait too.
            SignInCounter.objects.update_or_create(
                identifier_index=SignInCounter.index(attempt.identifier),
                device_id=0,
                defaults={"failures": lock_rules().tries, "locked_at": attempt.locked_at},
            )
        record(Event.LOCKED, subject=subject, known_device=attempt.device is not None)
        if account is not None and account.closed_at is None:
            mails.locked(
                account, until=until, dedupe_key=f"locked:{account.pk}:{attempt.locked_at.isoformat()}"
            )
    return until


def _subject_of_nobody(identifier: str) -> str:
    """How the journal names an identifier that no account has: it may be somebody's, mistyped."""
    return subject_of(SubjectKind.IDENTIFIER, SignInCounter.index(identifier).hex())


def check_not_waiting(identifier: str, device: KnownDevice | None) -> None:
    """Raises `Locked` during the wait. Asked again under the account's row lock at the end of every journey."""
    state = SignInCounter.objects.state(identifier, device)
    if policy.gate(state, timezone.now(), lock_rules()) is Gate.WAIT:
        assert state.locked_at is not None
        raise Locked.since(state.locked_at)


def check_open(identifier: str, device: KnownDevice | None) -> None:
    """Raises `Locked` during the wait, and after it until a new password."""
    state = SignInCounter.objects.state(identifier, device)
    if state.locked_at is not None:
        raise Locked.since(state.locked_at)


def clear(identifier: str) -> None:
    """A new password was set: set every counter back to zero."""
    SignInCounter.objects.every(identifier).update(failures=0, locked_at=None)


def end_lock(*, account: Account, actor: str, reason: str) -> bool:
    """An agent ends the wait early; the member then follows « mot de passe oublié ? » (G11). False: nothing was locked."""
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        past = timezone.now() - lock_rules().duration
        ended = (
            SignInCounter.objects.every(account.identifier).filter(locked_at__gt=past).update(locked_at=past)
        )
        if not ended + trust_the_mailbox(account):
            return False
        record(Event.LOCK_ENDED, subject=account.subject, actor=actor, reason=reason)
        mails.lock_ended(account)
    return True


def lock_until_reset(*, account: Account) -> None:
    """From now on only a new password opens the account; it may be asked for at once. In the caller's transaction."""
    past, tries = timezone.now() - lock_rules().duration, lock_rules().tries
    SignInCounter.objects.every(account.identifier).update(failures=tries, locked_at=past)
    SignInCounter.objects.update_or_create(
        identifier_index=SignInCounter.index(account.identifier),
        device_id=0,
        defaults={"failures": tries, "locked_at": past},
    )


def lock_until_identified(*, account: Account) -> None:
    """As `lock_until_reset`, and the mailbox alone does not reset: only a first connection does, or an agent.

    In the caller's transaction, which holds the account's row under lock.
    """
    lock_until_reset(account=account)
    Account.objects.filter(pk=account.pk).update(identity_wanted_since=timezone.now())


def trust_the_mailbox(account: Account) -> int:
    """« Mot de passe oublié » opens this account again: an agent knows who it is. 0: it did before."""
    wanted = Account.objects.filter(pk=account.pk, identity_wanted_since__isnull=False)
    return wanted.update(identity_wanted_since=None)
