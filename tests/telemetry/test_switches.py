"""A part that failed is left alone for a moment, and then one asks it for all."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from adherents.telemetry.switches import Switch

pytestmark = pytest.mark.any_database


class Moved:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_a_failure_one_caller_in_each_pause_asks_until_it_answers() -> None:
    clock = Moved()
    switch = Switch(2.0, clock=clock)
    assert [switch.is_on(), switch.is_on()] == [True, True]
    assert switch.failed(), "the first of an outage"
    assert not switch.failed()
    clock.now = 1.9
    assert not switch.is_on()
    clock.now = 2.1
    assert [switch.is_on(), switch.is_on()] == [True, False]
    clock.now = 4.2
    assert [switch.is_on(), switch.is_on()] == [True, False], "who asked died, or still waits"
    assert switch.answered(), "the end of the outage"
    assert not switch.answered()
    assert [switch.is_on(), switch.is_on()] == [True, True]


def test_of_many_threads_at_once_one_asks() -> None:
    clock = Moved()
    switch = Switch(2.0, clock=clock)
    switch.failed()
    clock.now = 3.0
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: switch.is_on(), range(200))) == 1
