"""Rows that wait for a worker: claimed once, put off when they fail, never in each other's way."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from adherents.accounts.models import ResetRequest
from adherents.accounts.services import access_link
from adherents.mail.models import OutboxMail
from adherents.work.models import BACKOFF
from adherents.work.registry import SWEEPS, Sweep, sweep
from adherents.work.services import do_each, run_once, run_until_nothing_is_left
from tests.accounts.steps import Mails
from tests.cast import CAMILLE, EVE
from tests.factories import open_account

pytestmark = pytest.mark.django_db


def ask(number: str) -> ResetRequest:
    return ResetRequest.objects.create(identifier=number)


@pytest.fixture
def registered() -> Iterator[dict[str, Sweep]]:
    """The sweeps of this test only."""
    kept = dict(SWEEPS)
    SWEEPS.clear()
    yield SWEEPS
    SWEEPS.clear()
    SWEEPS.update(kept)


def test_a_claimed_row_is_nobody_elses_until_its_lease_ends() -> None:
    row = ask("1")
    assert ResetRequest.objects.claim_due() == [row]
    assert ResetRequest.objects.claim_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        [again] = ResetRequest.objects.claim_due()
    assert again.attempts == 2


def test_the_oldest_come_first_and_no_more_than_asked() -> None:
    rows = []
    for minutes in (1, 3, 2):
        with time_machine.travel(timezone.now() - timedelta(minutes=minutes)):
            rows.append(ask(str(minutes)))
    assert [row.identifier for row in ResetRequest.objects.claim_due(2)] == ["3", "2"]
    assert [row.identifier for row in ResetRequest.objects.claim_due(2)] == ["1"]


def test_what_is_done_or_due_later_is_not_claimed() -> None:
    done, later = ask("1"), ask("2")
    done.work_done()
    done.save()
    ResetRequest.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + timedelta(seconds=10))
    assert ResetRequest.objects.claim_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert ResetRequest.objects.claim_due() == [later]


def test_the_delay_grows_with_the_attempts_and_stops_growing() -> None:
    row = ask("1")
    with time_machine.travel(timezone.now(), tick=False):
        for attempts in range(1, 12):
            row.attempts = attempts
            row.work_later()
            assert row.next_attempt_at is not None
            expected = BACKOFF[min(attempts, len(BACKOFF)) - 1]
            assert expected <= row.next_attempt_at - timezone.now() <= expected * 1.2
            assert row.leased_until is None


def test_a_lease_is_kept_by_its_holder_only() -> None:
    ask("1")
    [mine] = ResetRequest.objects.claim_due(lease_seconds=60)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert mine.keep_lease()
        assert ResetRequest.objects.claim_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=400)):
        [theirs] = ResetRequest.objects.claim_due()
        assert not mine.keep_lease()
        assert theirs.keep_lease()
        theirs.work_done()
        theirs.save()
        assert not theirs.keep_lease()


def test_a_row_that_fails_is_put_off_and_the_others_are_done(caplog: pytest.LogCaptureFixture) -> None:
    rows = [ask(str(number)) for number in range(5)]
    done: list[str] = []

    def act(row: ResetRequest) -> None:
        if row.identifier == "2":
            raise RuntimeError("secret-of-the-row")
        done.append(row.identifier)
        row.delete()

    assert do_each(ResetRequest.objects.claim_due(), act) == 5
    assert done == ["0", "1", "3", "4"]
    [left] = ResetRequest.objects.all()
    assert left == rows[2]
    assert left.next_attempt_at > timezone.now()
    assert "secret-of-the-row" not in caplog.text
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert ResetRequest.objects.claim_due() == [left]


def test_a_request_that_cannot_be_settled_holds_up_nobody(
    mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    ask(CAMILLE.number)
    ask(EVE.number)
    send = access_link.send_link

    def broken_for_camille(**given: object) -> bool:
        if given["account"].identifier == CAMILLE.number:  # type: ignore[attr-defined]
            raise RuntimeError
        return send(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(access_link, "send_link", broken_for_camille)
    assert [mail.to for mail in mails()] == [EVE.email]
    monkeypatch.setattr(access_link, "send_link", send)
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert [mail.to for mail in mails()] == [CAMILLE.email]


def test_a_row_sealed_with_a_key_that_left_holds_up_nobody_and_waits_for_it(
    settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    here = settings.ADHERENTS_MASTER_KEYS
    settings.ADHERENTS_MASTER_KEYS = [b"x" * 32]
    sealed = ask("sealed-elsewhere")
    settings.ADHERENTS_MASTER_KEYS = here
    readable = ask("1")
    assert ResetRequest.objects.claim_due() == [readable]
    assert "does not open" in caplog.text
    assert ResetRequest.objects.claim_due() == []
    settings.ADHERENTS_MASTER_KEYS = [*here, b"x" * 32]
    with time_machine.travel(timezone.now() + timedelta(hours=7)):
        assert sealed in ResetRequest.objects.claim_due()


def test_every_room_with_work_has_its_sweep() -> None:
    assert {
        "reset requests",
        "identity claims",
        "mail",
        "renewal notices",
        "old sessions and used tokens",
    } <= set(SWEEPS)


def test_a_sweep_that_fails_does_not_stop_the_others(
    registered: dict[str, Sweep], caplog: pytest.LogCaptureFixture
) -> None:
    @sweep("first")
    def fails() -> int:
        raise DatabaseError("gone")

    @sweep("second")
    def works() -> int:
        return 3

    assert run_once() == 3
    assert [record.__dict__["job"] for record in caplog.records if record.levelno == logging.ERROR] == [
        "first"
    ]


def test_a_worker_runs_until_a_whole_round_finds_nothing(registered: dict[str, Sweep]) -> None:
    left = [2, 1, 4]

    @sweep("countdown")
    def one() -> int:
        return left.pop() if left else 0

    assert run_until_nothing_is_left() == 7


def test_a_sweep_runs_no_more_often_than_its_pace(registered: dict[str, Sweep]) -> None:
    runs: list[int] = []

    @sweep("rare", every=3600)
    def rare() -> int:
        runs.append(1)
        return 0

    for _ in range(3):
        run_once(at_its_pace=True)
    assert len(runs) == 1


def test_the_worker_command_does_what_is_due_once(capsys: pytest.CaptureFixture[str]) -> None:
    open_account(CAMILLE)
    ask(CAMILLE.number)
    call_command("worker", once=True)
    assert capsys.readouterr().out.endswith(" done\n")
    assert not ResetRequest.objects.exists()
    assert OutboxMail.objects.get().state == "sent"


def test_a_worker_that_stays_keeps_open_what_a_sweep_wants_until_it_is_told_to_stop(
    registered: dict[str, Sweep],
) -> None:
    happened: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        happened.append("opened")
        yield
        happened.append("closed")

    @sweep("drawn", around=around)
    def drawn() -> int:
        happened.append("run")
        if happened.count("run") == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return 1

    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        call_command("worker")
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    assert happened == ["opened", "run", "run", "closed"]


def test_a_request_rolled_back_leaves_no_work() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - the block is what is undone
        ask("1")
        raise RuntimeError
    assert ResetRequest.objects.claim_due() == []
