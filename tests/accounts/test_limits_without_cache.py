"""Valkey is killed or frozen: hits are counted in the database, within the same bounds, and no request fails for it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connections
from django.test import Client

from adherents.accounts import limits
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.models import RateCounter
from adherents.insurer.profile import profile
from adherents.work.services import run_once
from tests.engines import Valkey

ADDRESS = "203.0.113.9"
LINK_PAGE = "/adherent/authentication/mot-de-passe/"
TURN = "limits are counted in the database"
BACK = "limits are counted there again"


@pytest.fixture
def valkey(settings: LazySettings) -> Iterator[Valkey]:
    with Valkey() as server:
        settings.ADHERENTS_CACHE_URL = server.address.replace("valkey", "redis", 1)
        yield server


@pytest.fixture
def _five_an_hour(settings: LazySettings) -> None:
    rates = profile().limits
    five = rates.link.model_copy(update={"per_address": type(rates.link.per_address)(times=5, seconds=3600)})
    settings.ADHERENTS_PROFILE = profile().model_copy(
        update={"limits": rates.model_copy(update={"link": five})}
    )


def taken(times: int) -> int:
    """How many of these hits are within the bounds."""
    within = 0
    for _ in range(times):
        try:
            hit("link", address=ADDRESS)
        except RateLimited:
            continue
        within += 1
    return within


@pytest.mark.django_db
@pytest.mark.usefixtures("_five_an_hour")
@pytest.mark.any_database
def test_a_killed_valkey_is_done_without_within_the_same_bounds_and_said_once(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    assert taken(3) == 3
    valkey.kill()
    assert taken(20) == 5, "as many as in a window of Valkey's"
    assert caplog.text.count(TURN) == 1
    assert caplog.text.count("cache does not answer") == 1
    assert ADDRESS not in "".join(RateCounter.objects.values_list("key", flat=True))
    valkey.start()
    _until_asked_again()
    assert taken(20) == 5, "Valkey counts again, from nothing"
    assert caplog.text.count(BACK) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_five_an_hour")
@pytest.mark.any_database
def test_a_frozen_valkey_is_waited_for_once_and_then_left_alone(valkey: Valkey) -> None:
    assert taken(1) == 1
    valkey.stop()
    began = time.monotonic()
    assert taken(20) == 5
    assert time.monotonic() - began < 2.5 * limits.ANSWERS_WITHIN, "not once for each"
    valkey.go_on()
    _until_asked_again()
    assert taken(20) <= 5


@pytest.mark.django_db
@pytest.mark.any_database
def test_no_page_fails_without_valkey(valkey: Valkey) -> None:
    valkey.kill()
    typed = {"identifier": "70100001", "password": "pas-le-Bon-00"}
    assert Client().post("/adherent/", typed).status_code == 200
    assert Client().get(LINK_PAGE).status_code == 410
    for path in ("/aide/", "/adherent/", "/adherent/mot-de-passe-oublie/", "/adherent/premiere-connexion/"):
        assert Client().get(path).status_code == 200, path


@pytest.mark.django_db
@pytest.mark.usefixtures("_five_an_hour")
@pytest.mark.any_database
def test_a_head_counts_though_what_it_writes_is_undone(valkey: Valkey) -> None:
    valkey.kill()
    client = Client(REMOTE_ADDR=ADDRESS)
    assert [client.head(LINK_PAGE).status_code for _ in range(6)] == [410] * 5 + [429]


@pytest.mark.django_db
@pytest.mark.any_database
def test_a_window_begins_with_its_first_hit_and_its_row_is_forgotten_after_it() -> None:
    with time_machine.travel("2026-03-02T10:20:00+01:00", tick=False) as clock:
        many = [RateCounter.objects.hit("k", most=2, seconds=60) for _ in range(3)]
        clock.shift(59)
        assert [*many, RateCounter.objects.hit("k", most=2, seconds=60)] == [True, True, False, False]
        clock.shift(1)
        assert RateCounter.objects.hit("k", most=2, seconds=60), "another window"
        assert RateCounter.objects.get().hits == 1
        run_once("old sessions and used tokens")
        assert RateCounter.objects.exists()
        clock.shift(60)
        run_once("old sessions and used tokens")
        assert not RateCounter.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ended", [False, True])
def test_of_parallel_hits_exactly_as_many_as_the_bound_are_within(ended: bool) -> None:
    """From the first row on, and where the window before has just ended."""
    if ended:
        with time_machine.travel("2026-01-01"):
            RateCounter.objects.hit("k", most=7, seconds=60)
    start = threading.Barrier(16)

    def knock(_: int) -> int:
        start.wait()
        try:
            return sum(RateCounter.objects.hit("k", most=7, seconds=3600) for _ in range(4))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(knock, range(16))) == 7
    assert RateCounter.objects.get().hits == 7


def _until_asked_again() -> None:
    limits._cache_asked._off_until = 0.0  # the pause is over
