"""Rate limits: by address, by network, by identifier. On top of the account lock (G11).

Hits are counted in Valkey, or in this process's memory. While Valkey is away they are counted in the database, within the same
bounds, and no request fails for it (`docs/decisions/0037-honest-health.md`).
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Any, Literal, cast

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

# Whole before the first request: `limits` looks for its version in a module that another thread may be half way through.
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as CacheGone
from redis.exceptions import RedisError
from redis.retry import Retry

from adherents.crypto.index import blind_index
from adherents.insurer.profile import profile
from adherents.telemetry import metrics
from adherents.telemetry.outages import Part, in_words, note
from adherents.telemetry.switches import Switch

Action = Literal[
    "sign_in",
    "forgotten",
    "first_connection",
    "link",
    "letter",
    "deposit",
    "message",
    "draft",
    "receipt",
    "object",
    "key",
    "api",
]


class RateLimited(Exception):
    """Too many requests of this kind came from there; nothing was checked."""

    def __init__(self, action: Action) -> None:
        super().__init__(action)
        self.action = action


ANSWERS_WITHIN = 1.0  # seconds: Valkey takes less than a thousandth
LEFT_ALONE = 2.0  # seconds, after it failed
log = logging.getLogger("adherents.limits")
_storages: dict[str, Storage] = {}
_one_maker = Lock()
_cache_asked = Switch(LEFT_ALONE)
_undone = threading.local()  # `hits`: what this thread counts in a transaction that is rolled back


def _storage(url: str) -> Storage:
    """The storage that counts hits. The first thread makes it, once: a second one would lose what the others counted."""
    with _one_maker:
        if url not in _storages:
            _storages[url] = _shared(url) if url else MemoryStorage()
        return _storages[url]


def _shared(url: str) -> Storage:
    """Left to itself, the client would wait without end for a server that hangs. A connection that broke is tried anew once."""
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 1, supported_errors=(CacheGone,)),
        "socket_connect_timeout": ANSWERS_WITHIN,
        "socket_timeout": ANSWERS_WITHIN,
    }
    return cast(Storage, storage_from_string(url, **options))


@cache
def _rate(text: str) -> RateLimitItem:
    return parse(text)


def network_of(address: str) -> str:
    """The network of an address: /64 in IPv6 (one household), /24 in IPv4."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    return str(ip_network(f"{known}/{64 if known.version == 6 else 24}", strict=False))


def hit(action: Action, *, address: str, identifier: str = "", person: str = "") -> None:
    """Count one more hit. Raises `RateLimited` past the profile's rates; an identifier is counted under a keyed hash.

    `person`: who is meant, where the identifier may be a guess (« Première connexion »).
    """
    rates = getattr(profile().limits, action)
    counted = [(rates.per_address, "address", address), (rates.per_network, "network", network_of(address))]
    if identifier:
        counted.append((rates.per_identifier, "identifier", blind_index("limits", identifier).hex()))
    if person:
        counted.append((rates.per_person, "person", blind_index("limits", person).hex()))
    for rate, scope, value in counted:
        if not _counted(_rate(str(rate)), action, scope, value):
            metrics.LIMITS.labels(action).inc()
            raise RateLimited(action)


def hit_own(action: Action, *, of: str, rate: str) -> None:
    """Count one more hit of a client that has a rate of its own, « 600/minute ». Raises `RateLimited`."""
    if not _counted(_rate(rate), action, "own", of):
        metrics.LIMITS.labels(action).inc()
        raise RateLimited(action)


def _counted(rate: RateLimitItem, *what: str) -> bool:
    """Whether this hit is within the rate; it is counted if so."""
    url = settings.ADHERENTS_CACHE_URL
    if not url or _cache_asked.is_on():
        try:
            within = FixedWindowRateLimiter(_storage(url)).hit(rate, *what)
        except RedisError as error:
            note(Part.CACHE, in_words(error))
            if _cache_asked.failed():
                log.warning("the cache is away: limits are counted in the database")
        else:
            if _cache_asked.answered():
                log.warning("the cache is back: limits are counted there again")
            return within
    return _counted_in_database(rate, what)


def _counted_in_database(rate: RateLimitItem, what: tuple[str, ...]) -> bool:
    from adherents.accounts.models import RateCounter  # where the cache answers, limits need no table

    # An address is personal data: only its keyed hash is stored.
    key = blind_index("limits", rate.key_for(*what)).hex()
    within = RateCounter.objects.hit(key, most=rate.amount, seconds=rate.get_expiry())
    hits: list[Callable[[], bool]] | None = getattr(_undone, "hits", None)
    if within and hits is not None:
        hits.append(partial(RateCounter.objects.hit, key, most=rate.amount, seconds=rate.get_expiry()))
    return within


@contextmanager
def counted_all_the_same() -> Iterator[None]:
    """Around a transaction that is rolled back: what was counted in the database within is counted again after it."""
    hits: list[Callable[[], bool]] = []
    _undone.hits = hits
    try:
        yield
    finally:
        del _undone.hits
        for hit_again in hits:
            hit_again()


def forget_over() -> int:
    """Delete the database's counters whose window has ended. Returns how many."""
    from adherents.accounts.models import RateCounter

    return RateCounter.objects.over().delete()[0]


def ask_cache() -> None:
    """Nothing where the cache answers. Raises `RedisError`."""
    if not _storage(settings.ADHERENTS_CACHE_URL).check():
        raise CacheGone("no answer")


def forget_all() -> None:
    """Empty the local counters (a test's first line): a thread that sweeps the former ones may still be at work on them."""
    with _one_maker:
        _storages.pop("", None)
    _cache_asked.answered()
