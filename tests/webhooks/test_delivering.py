"""Events are sent in their order, signed, again until they are taken; and one receiver holds no other up."""

import json
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.feed.services import read
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.webhooks import call
from adherents.webhooks.call import CallAnswer
from adherents.webhooks.models import Endpoint, EndpointState
from adherents.webhooks.selectors import blocking
from adherents.webhooks.services import delivering, endpoints
from adherents.webhooks.services.delivering import deliver_due
from adherents.webhooks.troubles import Trouble
from adherents.work.models import HeldWork
from adherents.work.registry import sweeps_of
from adherents.work.selectors import BacklogState, backlog_states
from adherents.work.services import hold, let_go, run_lanes, run_once
from tests.agents import make_agent
from tests.feed.announcing import all_after, happen
from tests.webhooks.receiver import Receiver, answers, receiving

pytestmark = pytest.mark.django_db
WHY = "Nouveau logiciel"


@pytest.fixture
def by() -> Account:
    return make_agent(Role.ADMINISTRATOR)


def made(
    by: Account, receiver: Receiver, *, name: str = "Gestion", types: list[str] | None = None
) -> Endpoint:
    endpoint = endpoints.make(by=by, name=name, url=receiver.url, types=types or [], reason=WHY)
    receiver.secret = endpoint.secret
    return endpoint


def fresh(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.get(pk=endpoint.pk)


def ids() -> list[str]:
    return [str(event.uid) for event in all_after()[0]]


def test_what_happens_from_now_on_arrives_in_its_order_as_the_feed_says_it(
    by: Account, receiver: Receiver
) -> None:
    happen(number=0)
    made(by, receiver)
    for number in range(1, 6):
        happen(number=number)
    deliver_due()
    assert [event["data"]["number"] for event in receiver.taken] == [1, 2, 3, 4, 5]
    assert receiver.refused == 0
    *_, last = read().items
    assert receiver.taken[-1] == last.shown() | {"timestamp": last.shown()["at"]}
    assert receiver.requests[0]["path"] == "/evenements?de=portail"
    assert receiver.requests[0]["content-type"] == "application/json"
    deliver_due()
    assert len(receiver.taken) == 5


def test_only_the_types_that_it_wants_arrive(by: Account, receiver: Receiver) -> None:
    endpoint = made(by, receiver, types=["document.decided"])
    happen()
    deliver_due()
    assert receiver.requests == []
    assert fresh(endpoint).position == 1


def test_both_secrets_sign_until_the_former_is_removed(by: Account, receiver: Receiver) -> None:
    former = made(by, receiver).secret
    endpoint = Endpoint.objects.get()
    changed = endpoints.make_secret(
        by=by, endpoint_id=endpoint.pk, secrets_seen=endpoint.secrets_mark, reason=WHY
    )
    for secret in (former, changed.secret):
        receiver.secret = secret
        happen()
        deliver_due()
    assert (len(receiver.taken), receiver.refused) == (2, 0)
    assert len(receiver.requests[0]["webhook-signature"].split()) == 2
    endpoints.remove_former_secret(
        by=by, endpoint_id=endpoint.pk, secrets_seen=changed.secrets_mark, reason=WHY
    )
    receiver.secret = former
    happen()
    deliver_due()
    assert (len(receiver.taken), receiver.refused) == (2, 1)
    assert fresh(endpoint).trouble == Trouble.REFUSED


def test_a_receiver_that_is_down_for_a_day_gets_all_in_order_each_signed_for_its_moment(
    by: Account, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    made(by, receiver)
    receiver.answer = answers(503)
    happened = 0
    for _quarter in range(4 * 24):
        happen(number=happened)
        happened += 1
        deliver_due()
        clock.shift(timedelta(minutes=15))
    tries = len(receiver.requests)
    assert 24 <= tries <= 40, "every hour at the latest, and not all the time"
    assert receiver.taken == []
    receiver.answer = answers(204)
    clock.shift(timedelta(hours=1, minutes=15))
    deliver_due()
    assert receiver.ids == ids()
    assert len(receiver.taken) == happened
    assert receiver.refused == 0
    endpoint = Endpoint.objects.get()
    assert (endpoint.failing_since, endpoint.trouble, endpoint.attempts) == (None, "", 0)


def test_after_three_days_it_is_set_aside_which_loses_nothing(
    by: Account, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    endpoint = made(by, receiver)
    receiver.answer = answers(500)
    happen(number=1)
    for _hour in range(72):
        deliver_due()
        clock.shift(timedelta(hours=1, minutes=13))
    assert fresh(endpoint).state == EndpointState.SET_ASIDE
    assert Entry.objects.get(event=Event.WEBHOOK_SET_ASIDE).subject == f"webhook:{endpoint.pk}"
    tried = len(receiver.requests)
    happen(number=2)
    clock.shift(timedelta(days=2))
    deliver_due()
    assert len(receiver.requests) == tried
    receiver.answer = answers(200)
    assert endpoints.resume(by=by, endpoint_id=endpoint.pk, reason=WHY) == 0
    deliver_due()
    assert receiver.ids == ids()


def test_an_address_that_is_gone_is_set_aside_at_once(by: Account, receiver: Receiver) -> None:
    endpoint = made(by, receiver)
    receiver.answer = answers(410)
    happen()
    deliver_due()
    assert (fresh(endpoint).state, fresh(endpoint).trouble) == (EndpointState.SET_ASIDE, Trouble.GONE)


def test_an_event_that_it_does_not_take_holds_those_behind_until_it_is_passed_over(
    by: Account, receiver: Receiver
) -> None:
    endpoint = made(by, receiver)
    receiver.answer = answers(400)
    happen(number=1)
    happen(number=2)
    deliver_due()
    assert len(receiver.requests) == 1
    receiver.answer = answers(200)
    seen = blocking(endpoint)
    assert seen is not None
    endpoints.pass_over(by=by, endpoint_id=endpoint.pk, position=seen.position, reason=WHY)
    with pytest.raises(endpoints.AnotherEventWaits):  # a second person, who saw the same page
        endpoints.pass_over(by=by, endpoint_id=endpoint.pk, position=seen.position, reason=WHY)
    deliver_due()
    assert [event["data"]["number"] for event in receiver.taken] == [2]
    with pytest.raises(endpoints.NothingToPassOver):
        endpoints.pass_over(by=by, endpoint_id=endpoint.pk, position=None, reason=WHY)


def test_a_replay_sends_the_same_events_again_under_the_same_ids(
    by: Account, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    endpoint = made(by, receiver)
    for number in range(4):
        happen(number=number)
        clock.shift(timedelta(hours=1))
    deliver_due()
    since = timezone.now() - timedelta(hours=2, minutes=30)
    assert endpoints.replay(by=by, endpoint_id=endpoint.pk, since=since, reason=WHY) == 2
    deliver_due()
    assert receiver.ids == ids() + ids()[2:]


def test_a_pause_keeps_its_place_and_takes_it_from_who_had_it_in_hand(
    by: Account, receiver: Receiver
) -> None:
    endpoint = made(by, receiver)
    happen(number=1)
    happen(number=2)

    def paused_meanwhile(*_: object) -> CallAnswer:
        endpoints.pause(by=by, endpoint_id=endpoint.pk, reason=WHY)
        return CallAnswer("", 200)

    with mock.patch.object(delivering.call, "post", side_effect=paused_meanwhile):
        deliver_due()
    assert fresh(endpoint).state == EndpointState.PAUSED
    deliver_due()
    assert receiver.taken == []
    endpoints.resume(by=by, endpoint_id=endpoint.pk, reason=WHY)
    deliver_due()
    assert receiver.ids == ids()


def test_nothing_is_sent_after_a_restore_while_mails_are_held(by: Account, receiver: Receiver) -> None:
    made(by, receiver)
    happen()
    with transaction.atomic():
        hold([HeldWork.MAILS])
    deliver_due()
    assert receiver.requests == []
    with transaction.atomic():
        let_go([HeldWork.MAILS])
    deliver_due()
    assert len(receiver.taken) == 1


def test_who_was_set_aside_for_longer_than_events_are_kept_is_told_how_many_it_missed(
    by: Account, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    endpoint = made(by, receiver)
    endpoints.pause(by=by, endpoint_id=endpoint.pk, reason=WHY)
    happen(number=1)
    happen(number=2)
    clock.shift(timedelta(days=31))
    happen(number=3)
    read()
    call_command("purge", "--apply")
    assert endpoints.resume(by=by, endpoint_id=endpoint.pk, reason=WHY) == 2
    deliver_due()
    assert [event["data"]["number"] for event in receiver.taken] == [3]


def test_neither_a_secret_nor_an_address_is_logged(
    by: Account, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = made(by, receiver)
    receiver.answer = answers(500)
    happen()
    run_once("webhooks")
    said = "\n".join(json.dumps(record.__dict__, default=str) for record in caplog.records)
    assert "worked on a row" in said
    for secret in (endpoint.secret, endpoint.secret.removeprefix("whsec_"), receiver.url, "evenements"):
        assert secret not in said
    entries = json.dumps(list(Entry.objects.values("event", "details")))
    assert receiver.url not in entries
    assert endpoint.secret not in entries


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_holds_nobody_up(near: None, by: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stays: the quick one has all its events while the slow one still keeps its first."""
    monkeypatch.setattr(call, "SECONDS", 50.0)  # however busy this machine is
    let_it_answer = threading.Event()

    def slow(handler: Any) -> None:
        assert let_it_answer.wait(50)
        answers(200)(handler)

    with ExitStack() as stack:
        first, second = (stack.enter_context(receiving()) for _ in range(2))
        first.answer = slow
        made(by, first, name="Lent")
        made(by, second, name="Rapide")
        for number in range(20):
            happen(number=number)
        stop = threading.Event()

        def work() -> None:
            try:
                run_lanes(["webhooks"], stop=stop, pause=0.05)
            finally:
                connection.close()

        working = threading.Thread(target=work, daemon=True)
        working.start()
        try:
            wait_for(lambda: len(second.taken) == 20)
            assert len(first.requests) == 1
            happen(number=20)
            wait_for(lambda: len(second.taken) == 21)
            let_it_answer.set()
            wait_for(lambda: len(first.taken) == 21)
        finally:
            let_it_answer.set()
            stop.set()
            working.join(30)
    assert first.ids == second.ids == ids()


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 40
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_what_waits_is_as_old_as_the_first_event_that_was_not_taken(
    by: Account, receiver: Receiver, clock: time_machine.Traveller
) -> None:
    """And not as old as the moment at which there was nothing left to take."""

    def backlog() -> BacklogState:
        return next(state for state in backlog_states() if state.kind == "webhooks")

    made(by, receiver)
    happen(number=1)
    deliver_due()
    assert (backlog().count, backlog().since) == (0, None)
    receiver.answer = answers(503)
    clock.shift(timedelta(hours=5))
    happen(number=2)
    announced_at = timezone.now()
    deliver_due()
    clock.shift(timedelta(minutes=3))
    assert (backlog().count, backlog().since) == (1, announced_at)


def test_webhooks_have_a_lane_of_their_own() -> None:
    assert list(sweeps_of("webhooks")) == ["webhooks"]
