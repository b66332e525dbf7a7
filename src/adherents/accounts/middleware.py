"""What this room does to every request: its language, the answer to requests that come too often, a proof that is asked again."""

import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import translation

from adherents.accounts import sessions
from adherents.accounts.browser import address_of
from adherents.accounts.decorators import account_of
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.next_page import AGAIN, NEXT, stood_on, to_sign_in
from adherents.accounts.second_factor.session import directory_mark
from adherents.accounts.services.refusals import note_object_refused
from adherents.insurer.profile import profile
from adherents.ui.pages import page

log = logging.getLogger("adherents.limits")
_LONGER_THAN_OURS = 10**10
Handler = Callable[[HttpRequest], HttpResponseBase]


def chosen_language(request: HttpRequest) -> str:
    """The language chosen in this browser; "" where none was."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in _languages() else ""


def _languages() -> set[str]:
    return {code for code, _ in settings.LANGUAGES}


def language(get_response: Handler) -> Handler:
    """The language chosen in this browser, else that of the account that is signed in, else French.

    A browser's own language decides nothing (French first).
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = chosen_language(request)
        asks = settings.SESSION_COOKIE_NAME in request.COOKIES and not _says_no_word(request.path_info)
        if not chosen and asks:
            chosen = sessions.language_of(request)
        with translation.override(chosen if chosen in _languages() else settings.LANGUAGE_CODE):
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "fr")
        return response

    return middleware


def _says_no_word(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "says_no_word", False)
    except Resolver404:
        return False


def cookies_refused(get_response: Handler) -> Handler:
    """A page behind a link, asked for without any cookie: the browser keeps none, and it is not the link that is dead.

    A reader who follows a link gets a cookie before the page that needs it. One stays when the page says that a link is dead,
    so that loading it again says the same.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code != HTTPStatus.GONE or not _is_a_page(response):
            return response
        if not request.COOKIES:
            return render(request, "ui/errors/cookies.html", status=HTTPStatus.GONE)
        get_token(request)
        return response

    return middleware


def _is_a_page(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


class RateLimitedMiddleware:
    """« Trop de demandes en peu de temps », for any request from any person."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, RateLimited):
            return None
        log.warning("rate limited", extra={"action": exception.action})
        return render(request, "ui/errors/429.html", status=429)


class ProveAgainMiddleware:
    """Before an important act, a person who has not proved their identity for a while does so, and comes back to the page.

    Only its address is kept, in the address of the next one. allauth would keep the whole request in the session: its cookies,
    which open sessions, and whatever was posted, from strangers too.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, ReauthenticationRequired):
            return None
        ways = (
            get_adapter().get_reauthentication_methods(request.user) if request.user.is_authenticated else []
        )
        if not ways and request.user.is_authenticated and directory_mark(request, account_of(request)):
            return redirect(f"{reverse('accounts:directory')}?{urlencode({AGAIN: '1'})}")
        if not ways and request.user.is_authenticated and profile().franceconnect:
            asked = urlencode({NEXT: stood_on(request), AGAIN: "1"})
            return redirect(f"{page('franceconnect')}?{asked}")
        if not ways:
            return redirect(to_sign_in(request))
        return redirect(f"{ways[0]['url']}?{urlencode({NEXT: request.get_full_path()})}")


class ObjectRefusals:
    """Another's object and one that never was are answered alike, 404: both are counted, and journalled. One entry for each 404
    of an address that names an object, up to the limit; past it, 429 and a line in the log.

    So a person who tries many identifiers is seen and stopped, and the journal does not grow with the attempts.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        page = request.resolver_match
        if response.status_code != 404 or page is None or "<" not in page.route:
            return response
        if not request.user.is_authenticated:
            return response
        account = account_of(request)
        try:
            hit("object", address=address_of(request), identifier=account.subject)
        except RateLimited as often:
            log.warning("rate limited", extra={"action": often.action})
            return render(request, "ui/errors/429.html", status=429)
        note_object_refused(account=account, page=page.view_name, wanted=_named(page.kwargs))
        return response


def _named(given: dict[str, object]) -> str:
    """The identifiers in the address that only the portal gives: those that a person types may say anything.

    A number as long as a NIR was typed: no row of ours has it.
    """
    ours = (value for value in given.values() if isinstance(value, uuid.UUID | int))
    return " ".join(str(value) for value in ours if not isinstance(value, int) or value < _LONGER_THAN_OURS)
