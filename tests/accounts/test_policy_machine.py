"""The rules of account life, driven in any order against a plain model of them (G2, G3, G4, G11).

The model below knows nothing of the code: it counts hours on a plain number, and says each rule as the guide does. Two
machines are held against it: one drives the pure policy, the other the services on the database.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adherents.accounts import policy
from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account
from adherents.accounts.policy import Counter, Gate, LockRules, SignInOutcome
from adherents.accounts.services import access_link, change_password, closing, lock, sign_in
from adherents.accounts.services.passwords import WeakPassword
from tests.cast import CAMILLE
from tests.factories import open_account

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORDS = ["tulipe-Bleue-42", "jardin-Secret-77", "violon-Orange-31", "neige-Tardive-58"]
HOURS = st.one_of(st.sampled_from([1, 23, 24, 25, 24 * 179, 24 * 180]), st.integers(1, 24 * 200))


class Guide:
    """The rules as the guide says them, for one account and one unknown browser. Time is a number of hours."""

    def __init__(self) -> None:
        self.hour = 0
        self.wrong_in_a_row = 0
        self.locked_at: int | None = None
        self.password: int | None = 0
        self.used = {0}
        self.changed_at = 0
        self.closed = False

    @property
    def waits(self) -> bool:
        return self.locked_at is not None and self.hour - self.locked_at < 24

    def sign_in(self, right: bool) -> str:
        if self.locked_at is not None:
            return "locked"
        if right and not self.closed and self.password is not None:
            self.wrong_in_a_row = 0
            return "expired" if self.hour - self.changed_at >= 24 * 180 else "signed_in"
        self.wrong_in_a_row += 1
        if self.wrong_in_a_row < 5:
            return "refused"
        self.locked_at = self.hour
        return "locked"

    def reset(self, password: int) -> str:
        if self.closed:
            return "dead"
        if self.waits:
            return "locked"
        if password in self.used:
            return "used"
        self._set(password)
        return "set"

    def change(self, right: bool, password: int) -> str:
        """From inside the portal, the old password in hand."""
        if self.locked_at is not None:
            return "locked"
        if not right:
            return self.sign_in(right=False)
        self.wrong_in_a_row = 0
        if password in self.used:
            return "used"
        self._set(password)
        return "set"

    def close(self) -> None:
        self.closed = True

    def reopen(self) -> None:
        """Only a new password opens what was closed."""
        self.closed, self.password = False, None

    def _set(self, password: int) -> None:
        self.password, self.changed_at = password, self.hour
        self.used.add(password)
        self.wrong_in_a_row, self.locked_at = 0, None

    @property
    def standing(self) -> str:
        if self.closed:
            return "closed"
        if self.password is None:
            return "never_connected"
        if self.locked_at is not None:
            return "locked"
        return "expired" if self.hour - self.changed_at >= 24 * 180 else "active"


class PolicyMachine(RuleBasedStateMachine):
    """The pure functions, composed as the services compose them."""

    RULES = LockRules(tries=5, duration=timedelta(hours=24))
    RENEWAL = timedelta(days=180)

    def __init__(self) -> None:
        super().__init__()
        self.guide = Guide()
        self.now = START
        self.counter = Counter()
        self.changed_at = START
        self.has_password = True
        self.closed = False

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.guide.hour += hours
        self.now += timedelta(hours=hours)

    @rule(right=st.booleans())
    def signs_in(self, right: bool) -> None:
        assert self._try(right) == self.guide.sign_in(right)

    @rule(times=st.integers(2, 6))
    def guesses(self, times: int) -> None:
        for _ in range(times):
            self.signs_in(right=False)

    @precondition(lambda self: not self.guide.waits and not self.guide.closed)
    @rule()
    def sets_a_new_password(self) -> None:
        assert policy.gate(self.counter, self.now, self.RULES) is not Gate.WAIT
        assert self.guide.reset(max(self.guide.used) + 1) == "set"
        self.counter, self.changed_at, self.has_password = Counter(), self.now, True

    @precondition(lambda self: self.guide.waits)
    @rule()
    def cannot_set_a_new_password(self) -> None:
        assert policy.gate(self.counter, self.now, self.RULES) is Gate.WAIT
        until = policy.locked_until(self.counter, self.RULES)
        assert until is not None
        assert self.now < until <= self.now + timedelta(hours=24)

    @rule()
    def is_closed_or_opened_again(self) -> None:
        if self.closed:
            self.guide.reopen()
            self.has_password = False
        else:
            self.guide.close()
        self.closed = self.guide.closed

    @invariant()
    def stands_where_the_guide_says(self) -> None:
        standing = policy.standing(
            has_password=self.has_password,
            closed=self.closed,
            counter=self.counter,
            expired=policy.is_expired(self.changed_at, self.now, self.RENEWAL),
        )
        assert standing == self.guide.standing

    @invariant()
    def counts_as_the_guide_does(self) -> None:
        assert self.counter.failures == self.guide.wrong_in_a_row
        assert (self.counter.locked_at is not None) == (self.guide.locked_at is not None)

    def _try(self, right: bool) -> str:
        if policy.gate(self.counter, self.now, self.RULES) is not Gate.OPEN:
            return SignInOutcome.LOCKED
        self.counter = policy.take_try(self.counter, self.now, self.RULES)
        ended = policy.outcome(
            right=right and self.has_password,
            closed=self.closed,
            expired=policy.is_expired(self.changed_at, self.now, self.RENEWAL),
            locked_meanwhile=False,
            locks=self.counter.locked_at is not None,
        )
        if ended in {SignInOutcome.SIGNED_IN, SignInOutcome.EXPIRED}:
            self.counter = Counter()
        return ended


class ServicesMachine(RuleBasedStateMachine):
    """The services on the database, each example in a transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self.guide = Guide()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.account = open_account(CAMILLE, password=PASSWORDS[0])

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)
        self.clock.stop()

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.guide.hour += hours
        self.traveller.shift(timedelta(hours=hours))

    @rule(right=st.booleans())
    def signs_in(self, right: bool) -> None:
        password = PASSWORDS[self.guide.password or 0] if right else "pas-le-Bon-00"
        assert self._sign_in(password) == self.guide.sign_in(right)

    @rule(times=st.integers(3, 6))
    def guesses(self, times: int) -> None:
        for _ in range(times):
            self.signs_in(right=False)

    @rule(former=st.integers(0, 3))
    def tries_a_former_password(self, former: int) -> None:
        assert self._sign_in(PASSWORDS[former]) == self.guide.sign_in(right=former == self.guide.password)

    @rule(password=st.integers(0, 3))
    def follows_a_link(self, password: int) -> None:
        token = AccessLink.new_token()
        AccessLink.objects.create(
            account=self.account,
            purpose="reset",
            token_hash=access_link.hash_token(token),
            expires_at=datetime.now(UTC) + timedelta(minutes=120),
        )
        assert self._use(token, PASSWORDS[password]) == self.guide.reset(password)

    @precondition(lambda self: not self.guide.closed and self.guide.password is not None)
    @rule(right=st.booleans(), password=st.integers(0, 3))
    def changes_the_password(self, right: bool, password: int) -> None:
        assert self.guide.password is not None
        old = PASSWORDS[self.guide.password] if right else "pas-le-Bon-00"
        assert self._change(old, PASSWORDS[password]) == self.guide.change(right, password)

    @rule()
    def is_closed_or_opened_again(self) -> None:
        act, told = (
            (closing.reopen, self.guide.reopen) if self.guide.closed else (closing.close, self.guide.close)
        )
        assert act(account=self.account, actor="agent:1", reason="essai")
        told()

    @precondition(lambda self: self.guide.waits)
    @rule()
    def an_agent_ends_the_wait(self) -> None:
        assert lock.end_lock(account=self.account, actor="agent:1", reason="essai")
        self.guide.locked_at = self.guide.hour - 24

    @invariant()
    def stands_where_the_guide_says(self) -> None:
        self.account = Account.objects.get(pk=self.account.pk)
        assert self.account.standing == self.guide.standing

    def _sign_in(self, password: str) -> str:
        try:
            account = sign_in.check_credentials(identifier=CAMILLE.number, password=password, client=Client())
            sign_in.complete(account=account, client=Client(), method="password")
        except lock.Locked:
            return "locked"
        except sign_in.SignInRefused:
            return "refused"
        except sign_in.Expired:
            return "expired"
        return "signed_in"

    def _use(self, token: str, password: str) -> str:
        try:
            access_link.use_link(
                token=token, birth_date=CAMILLE.birth_date, password=password, client=Client()
            )
        except lock.Locked:
            return "locked"
        except access_link.DeadLink:
            return "dead"
        except WeakPassword:
            return "used"
        return "set"

    def _change(self, old: str, new: str) -> str:
        try:
            change_password.change_password(account=self.account, old=old, new=new, client=Client())
        except lock.Locked:
            return "locked"
        except sign_in.SignInRefused:
            return "refused"
        except WeakPassword:
            return "used"
        return "set"


@pytest.mark.rule("G4")
@pytest.mark.rule("G11")
def test_the_policy_does_what_the_guide_says_in_any_order() -> None:
    run_state_machine_as_test(PolicyMachine, settings=settings(max_examples=200, stateful_step_count=40))


@pytest.mark.rule("G3")
@pytest.mark.rule("G4")
@pytest.mark.rule("G11")
@pytest.mark.django_db
@pytest.mark.any_database
def test_the_services_do_what_the_guide_says_in_any_order() -> None:
    run_state_machine_as_test(
        ServicesMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
