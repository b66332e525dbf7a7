"""Rate limits: by address, by network, by identifier. On top of the account lock (G11)."""

from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Literal, cast

# Whole before the first request: `limits` looks for its version in a module that another thread may be half way through.
import redis  # noqa: F401
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from adherents.crypto.index import blind_index
from adherents.insurer.profile import profile

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
]


class RateLimited(Exception):
    """Too many requests of this kind came from there; nothing was checked."""

    def __init__(self, action: Action) -> None:
        super().__init__(action)
        self.action = action


_storages: dict[str, Storage] = {}
_one_maker = Lock()


def _storage(url: str) -> Storage:
    """The storage that counts hits. The first thread makes it, once: a second one would lose what the others counted."""
    with _one_maker:
        if url not in _storages:
            _storages[url] = cast(Storage, storage_from_string(url)) if url else MemoryStorage()
        return _storages[url]


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
    limiter = FixedWindowRateLimiter(_storage(settings.ADHERENTS_CACHE_URL))
    counted = [(rates.per_address, "address", address), (rates.per_network, "network", network_of(address))]
    if identifier:
        counted.append((rates.per_identifier, "identifier", blind_index("limits", identifier).hex()))
    if person:
        counted.append((rates.per_person, "person", blind_index("limits", person).hex()))
    for rate, scope, value in counted:
        if not limiter.hit(_rate(str(rate)), action, scope, value):
            raise RateLimited(action)


def forget_all() -> None:
    """Empty the local counters (a test's first line)."""
    _storage("").reset()
