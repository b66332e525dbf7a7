"""Who is dropped for being slow, and who never is: the rules alone, with the clock in hand."""

import pytest

from adherents.config.serving.exchanges import LONGEST_SECONDS, WINDOW_SECONDS, Bounds, Exchange, Exchanges

BOUNDS = Bounds(least_rate=1000, by_address=30, by_member=8, memory=1 << 20)
LONG = 20 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchanges(clock: Clock) -> Exchanges:
    return Exchanges(BOUNDS, clock)


def begun(
    exchanges: Exchanges, *, address: str = "192.0.2.1", member: object = None, length: int = LONG
) -> Exchange:
    made = Exchange(address=address, began=exchanges.clock(), member=member)
    exchanges.begin(made, length)
    return made


def go_on(exchanges: Exchanges, clock: Clock, seconds: int, rates: dict[Exchange, float]) -> None:
    """Let `seconds` pass; each exchange moves bytes at its rate (bytes a second)."""
    for _ in range(seconds):
        clock.now += 1
        for exchange, rate in rates.items():
            exchanges.note_arrived(exchange, int(rate))
        exchanges.look()


def test_a_byte_every_five_seconds_is_dropped_after_a_window(exchanges: Exchanges, clock: Clock) -> None:
    dripping = begun(exchanges)
    go_on(exchanges, clock, int(WINDOW_SECONDS) - 1, {dripping: 0.2})
    assert not dripping.dropped
    go_on(exchanges, clock, 2, {dripping: 0.2})
    assert dripping.dropped


def test_a_peer_that_falls_silent_is_dropped_a_window_later_however_much_came_before(
    exchanges: Exchanges, clock: Clock
) -> None:
    exchange = begun(exchanges)
    go_on(exchanges, clock, 100, {exchange: 50_000})
    go_on(exchanges, clock, int(WINDOW_SECONDS) - 2, {})
    assert not exchange.dropped, "a phone in a tunnel"
    go_on(exchanges, clock, 4, {})
    assert exchange.dropped


def test_a_phone_at_4_kb_a_second_ends(exchanges: Exchanges, clock: Clock) -> None:
    phone = begun(exchanges)
    go_on(exchanges, clock, LONG // 4000, {phone: 4000})
    assert not phone.dropped


def test_bursts_that_keep_each_window_alive_do_not_outlast_the_whole_time(
    exchanges: Exchanges, clock: Clock
) -> None:
    bursting = begun(exchanges, length=1_000_000)
    go_on(exchanges, clock, 1000, {bursting: 1000})
    assert not bursting.dropped
    go_on(exchanges, clock, 60, {bursting: 1000})
    assert bursting.dropped
    endless = begun(exchanges, length=1 << 40)
    clock.now += LONGEST_SECONDS + 1
    exchanges.note_arrived(endless, 1 << 39)
    exchanges.look()
    assert endless.dropped


def test_who_waits_for_us_is_not_slow(exchanges: Exchanges, clock: Clock) -> None:
    waiting = begun(exchanges)
    waiting.paused = True
    go_on(exchanges, clock, 300, {})
    waiting.paused = False
    go_on(exchanges, clock, 20, {})
    assert not waiting.dropped


def test_past_an_addresss_bound_the_slowest_there_go_and_no_other(exchanges: Exchanges, clock: Clock) -> None:
    phones = [begun(exchanges) for _ in range(28)]
    elsewhere = begun(exchanges, address="192.0.2.2")
    drips = [begun(exchanges) for _ in range(20)]
    go_on(exchanges, clock, 10, dict.fromkeys(phones, 10000))
    assert not any(phone.dropped for phone in phones)
    assert not elsewhere.dropped
    assert sum(not drip.dropped for drip in drips) == 2


def test_the_one_that_came_last_is_not_the_one_that_goes(exchanges: Exchanges, clock: Clock) -> None:
    drips = [begun(exchanges) for _ in range(30)]
    go_on(exchanges, clock, 10, {})
    honest = begun(exchanges)
    go_on(exchanges, clock, 5, {honest: 10_000})
    assert not honest.dropped
    assert sum(drip.dropped for drip in drips) == 1


def test_what_is_quick_never_counts(exchanges: Exchanges, clock: Clock) -> None:
    lasting = [begun(exchanges) for _ in range(30)]
    for _ in range(20):
        quick = [begun(exchanges) for _ in range(30)]
        go_on(exchanges, clock, 1, dict.fromkeys(lasting, 10000))
        for exchange in quick:
            assert not exchange.dropped
            exchanges.end(exchange)
    assert not any(exchange.dropped for exchange in lasting)


def test_one_member_holds_so_many_from_however_many_addresses(exchanges: Exchanges, clock: Clock) -> None:
    theirs = [begun(exchanges, address=f"192.0.2.{rank}", member=7) for rank in range(20)]
    others = [begun(exchanges, address=f"198.51.100.{rank}") for rank in range(20)]
    go_on(
        exchanges,
        clock,
        5,
        {exchange: 5000 + rank for rank, exchange in enumerate(theirs)} | dict.fromkeys(others, 10),
    )
    assert [exchange for exchange in theirs if not exchange.dropped] == theirs[-8:]
    assert not any(exchange.dropped for exchange in others), "nobody knows whose they are"


def test_past_the_memory_of_all_bodies_the_slowest_gives_back_what_it_holds(
    exchanges: Exchanges, clock: Clock
) -> None:
    slow, quick = begun(exchanges, address="192.0.2.1"), begun(exchanges, address="192.0.2.2")
    clock.now += 10
    for exchange, size in ((slow, 400_000), (quick, 600_000)):
        exchanges.note_arrived(exchange, size)
        exchanges.hold(exchange, size)
    assert not slow.dropped
    exchanges.hold(quick, 100_000)
    assert slow.dropped
    assert (exchanges.held, slow.held) == (700_000, 0)
