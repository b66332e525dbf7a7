"""Which addresses may be called: those of the internet, and those of the networks that the settings allow.

A name is resolved once a call, each address that it leads to is looked at, and the connection goes to that very address: a name
that leads elsewhere the next moment changes nothing.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from adherents.webhooks.troubles import Trouble

Ip = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[Ip]]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")  # an IPv4 address behind a NAT64
_OF_A_CLOUD = IPv4Address("168.63.129.16")  # answers each machine of one cloud, and looks public
LONGEST_URL = 500


class NotCalled(Exception):
    """This address is not called."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class NotAUrl(Exception):
    """No web address that could be called."""


def split(url: str) -> SplitResult:
    """The parts of an address; its host in ASCII. Raises `NotAUrl`."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except (ValueError, UnicodeError):
        raise NotAUrl from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not plain or parts.scheme not in {"https", "http"} or not host or parts.username is not None:
        raise NotAUrl
    if parts.fragment or parts.password is not None or port == 0:
        raise NotAUrl
    return parts


def check_url(url: str) -> None:
    """What can be said of an address before it is called. Raises `NotAUrl`, or `NotCalled` for a number that leads inside."""
    parts = split(url)
    if parts.scheme == "http" and not settings.ADHERENTS_WEBHOOK_NETWORKS:
        raise NotCalled(Trouble.CLEAR)
    if (written := _written_as_number(parts.hostname or "")) is not None:
        _check(written, in_clear=parts.scheme == "http")


def _written_as_number(host: str) -> Ip | None:
    """`127.0.0.1`, `::1`, and what the C library takes for one too: `2130706433`, `0x7f.1`."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def reachable(url: str, *, resolve: Resolve, seconds: float) -> list[Ip]:
    """The addresses to call, in their order. Raises `NotCalled` where one of those that the name leads to is not to be called."""
    parts = split(url)
    found = _within(seconds, resolve, parts.hostname or "", port_of(parts))
    if not found:
        raise NotCalled(Trouble.NO_NAME)
    for address in found:
        _check(address, in_clear=parts.scheme == "http")
    return found


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def resolve(host: str, port: int) -> list[Ip]:
    """As the system's resolver says; each address once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_kind, place in found))


def _within(seconds: float, resolve: Resolve, host: str, port: int) -> list[Ip]:
    """A resolver has no time limit of its own: it is waited for in a thread. Raises `TimeoutError`."""
    found: list[list[Ip]] = []
    asking = threading.Thread(target=lambda: found.append(resolve(host, port)), name="resolver", daemon=True)
    asking.start()
    asking.join(seconds)
    if asking.is_alive():
        raise TimeoutError
    return found[0] if found else []


def _check(address: Ip, *, in_clear: bool) -> None:
    """Raises `NotCalled`."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    allowed: list[IPv4Network | IPv6Network] = settings.ADHERENTS_WEBHOOK_NETWORKS
    if any(address in network for network in allowed):
        return
    if not all(map(_is_public, _inside(address))):
        raise NotCalled(Trouble.FORBIDDEN)
    if in_clear:
        raise NotCalled(Trouble.CLEAR)


def _inside(address: Ip) -> Iterator[Ip]:
    """The address, and the IPv4 address that it carries where it is one of a tunnel or a translator."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _TRANSLATED:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_public(address: Ip) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return address in _TRANSLATED  # what it carries is looked at by itself
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not special and not address.is_link_local and address != _OF_A_CLOUD
