"""The browser behind a request: its address, its name, and the cookies that this room gives it."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from adherents.accounts.client import Client, browser_name
from adherents.accounts.rules import link_validity

DEVICE_COOKIE = f"{settings.COOKIE_PREFIX}appareil"
LINK_COOKIE = f"{settings.COOKIE_PREFIX}lien"
FACTOR_COOKIE = f"{settings.COOKIE_PREFIX}facteur"
REPORT_COOKIE = f"{settings.COOKIE_PREFIX}signalement"
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
    response.set_cookie(
        DEVICE_COOKIE,
        ".".join(tokens),
        max_age=DEVICE_DAYS * 86400,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def carry_link(response: HttpResponse, token: str, cookie: str = LINK_COOKIE) -> None:
    """Take a link's token out of the address bar: the browser carries it in a cookie, the server keeps nothing (G6)."""
    response.set_cookie(
        cookie,
        token,
        max_age=int(link_validity().total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def drop_link(response: HttpResponse, cookie: str = LINK_COOKIE) -> None:
    response.delete_cookie(cookie, samesite="Lax")
