"""The browser behind a request: its address, its name, and the cookies that this room gives it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from adherents.accounts.client import Client, browser_name
from adherents.accounts.openid import trip as trips
from adherents.accounts.openid.trip import Trip
from adherents.accounts.policy_from_profile import link_validity
from adherents.accounts.tokens import hash_token
from adherents.crypto.index import blind_index, blind_indexes
from adherents.crypto.keys import CannotOpen, keyring

DEVICE_COOKIE = f"{settings.COOKIE_PREFIX}appareil"
LINK_COOKIE = f"{settings.COOKIE_PREFIX}lien"
FACTOR_COOKIE = f"{settings.COOKIE_PREFIX}facteur"
REPORT_COOKIE = f"{settings.COOKIE_PREFIX}signalement"
LINKS_CARRIED = 4  # of a kind, each in a tab of its own
LINK_FIELD = "lien"
ASKED_COOKIE = f"{settings.COOKIE_PREFIX}demande"
NUMBER_COOKIE = f"{settings.COOKIE_PREFIX}numero"
NUMBER_KEPT = timedelta(minutes=10)
DIRECTORY_COOKIE = f"{settings.COOKIE_PREFIX}annuaire"
TRIPS_CARRIED = 3  # each begun in a tab of its own
_PURPOSE, _ASSOCIATED = "identifier in a cookie", b"browser"
DEVICES_KEPT = 5  # a couple, their children: the accounts that one family computer may hold
DEVICE_DAYS = 400


def address_of(request: HttpRequest) -> str:
    """The browser's address: the peer's, or, behind ADHERENTS_PROXIES proxies, what the outermost of them saw."""
    return browser_address(
        request.headers.get("X-Forwarded-For", ""), str(request.META.get("REMOTE_ADDR", ""))
    )


def browser_address(forwarded_for: str, peer: str) -> str:
    """As `address_of`, from the header and the peer's address; "" where it is none."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    behind = settings.ADHERENTS_PROXIES
    address = hops[-behind] if behind and len(hops) >= behind else peer
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def client_of(request: HttpRequest) -> Client:
    """What the services may know of the browser."""
    tokens = request.COOKIES.get(DEVICE_COOKIE, "").split(".")
    return Client(
        address=address_of(request),
        browser=browser_name(request.headers.get("User-Agent", "")[:400]),
        device_tokens=tuple(token for token in tokens if token)[:DEVICES_KEPT],
    )


def remember_device(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Give the browser the token of one more account that signs in here; the oldest leaves."""
    tokens = [token, *client_of(request).device_tokens][:DEVICES_KEPT]
    _set(response, DEVICE_COOKIE, ".".join(tokens), timedelta(days=DEVICE_DAYS))


def links_of(request: HttpRequest, cookie: str = LINK_COOKIE) -> list[str]:
    """The tokens of the links that this browser opened, the newest first."""
    return [token for token in request.COOKIES.get(cookie, "").split(".") if token][:LINKS_CARRIED]


def link_of(request: HttpRequest, cookie: str = LINK_COOKIE) -> str:
    """The token that this request is about: the one that its form names, else the newest; "" where there is none.

    Two links may be open in two tabs: a form acts on its own one only.
    """
    carried = links_of(request, cookie)
    if request.method == "POST" and (LINK_FIELD in request.POST or len(carried) > 1):
        named = request.POST.get(LINK_FIELD, "")
        return next((token for token in carried if link_mark(token) == named), "")
    return carried[0] if carried else ""


def link_mark(token: str) -> str:
    """How a page's form names its link (`LINK_FIELD`): it opens nothing."""
    return hash_token(token)[:16]


def carry_link(request: HttpRequest, response: HttpResponse, token: str, cookie: str = LINK_COOKIE) -> None:
    """Take a link's token out of the address bar: the browser carries it in a cookie, the server keeps nothing (G6)."""
    others = [other for other in links_of(request, cookie) if other != token]
    _set_links(response, [token, *others][:LINKS_CARRIED], cookie)


def drop_link(request: HttpRequest, response: HttpResponse, token: str, cookie: str = LINK_COOKIE) -> None:
    """The browser forgets this link; one that is open in another tab stays."""
    others = [other for other in links_of(request, cookie) if other != token]
    if others:
        _set_links(response, others, cookie)
    else:
        response.delete_cookie(cookie, samesite="Lax")


def note_asked(response: HttpResponse, identifier: str) -> None:
    """Remember that a link was asked for in this browser, for this identifier, known or not. Only a keyed hash is kept."""
    _set(response, ASKED_COOKIE, blind_index("asked", identifier).hex(), link_validity())


def asked_for(request: HttpRequest, identifier: str) -> bool:
    """Whether this browser typed this very identifier to ask for a link: showing it then says nothing new."""
    return request.COOKIES.get(ASKED_COOKIE) in {index.hex() for index in blind_indexes("asked", identifier)}


def offer_number(response: HttpResponse, identifier: str) -> None:
    """The sign-in page that comes next is filled in with this identifier, which the reader has just proved to be theirs."""
    sealed = keyring().seal(_PURPOSE, identifier.encode(), _ASSOCIATED)
    _set(response, NUMBER_COOKIE, urlsafe_b64encode(sealed).decode(), NUMBER_KEPT)


def offered_number(request: HttpRequest, *, of_agents: bool) -> str:
    """What to fill in on the sign-in page of members or of agents; "" where nothing was offered."""
    try:
        sealed = urlsafe_b64decode(request.COOKIES.get(NUMBER_COOKIE, ""))
        identifier = keyring().open(_PURPOSE, sealed, _ASSOCIATED).decode()
    except (ValueError, CannotOpen):
        return ""
    return identifier if ("@" in identifier) == of_agents else ""


def forget_number(response: HttpResponse) -> None:
    """Forget the offered number once a person has signed in: the next one at this browser types their own."""
    for cookie in (NUMBER_COOKIE, ASKED_COOKIE):
        response.delete_cookie(cookie, samesite="Lax")


def carry_trip(
    request: HttpRequest, response: HttpResponse, trip: Trip, cookie: str = DIRECTORY_COOKIE
) -> None:
    """Tie what a provider will answer to this browser: its state is worth nothing in another one."""
    others = trips.opened(request.COOKIES.get(cookie, ""), cookie)
    _set(response, cookie, trips.sealed([trip, *others][:TRIPS_CARRIED], cookie), trips.LIFE)


def trip_of(request: HttpRequest, cookie: str = DIRECTORY_COOKIE) -> Trip | None:
    """The trip that this request comes back from, by the `state` in its address; None: it did not begin in this browser."""
    state = request.GET.get("state", "")
    carried = trips.opened(request.COOKIES.get(cookie, ""), cookie)
    return next((trip for trip in carried if constant_time_compare(trip.state, state)), None)


def drop_trip(
    request: HttpRequest, response: HttpResponse, trip: Trip, cookie: str = DIRECTORY_COOKIE
) -> None:
    """The browser forgets this trip; those begun in other tabs stay."""
    others = [
        other for other in trips.opened(request.COOKIES.get(cookie, ""), cookie) if other.state != trip.state
    ]
    if others:
        _set(response, cookie, trips.sealed(others, cookie), trips.LIFE)
    else:
        response.delete_cookie(cookie, samesite="Lax")


def _set_links(response: HttpResponse, tokens: list[str], cookie: str) -> None:
    _set(response, cookie, ".".join(tokens), link_validity())


def _set(response: HttpResponse, cookie: str, value: str, life: timedelta) -> None:
    response.set_cookie(
        cookie,
        value,
        max_age=int(life.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
