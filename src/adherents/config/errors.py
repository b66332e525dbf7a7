"""The pages shown when something goes wrong. Each names the phone and today's hours."""

import sys
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from adherents.accounts.limits import RateLimited
from adherents.accounts.middleware import chosen_language
from adherents.accounts.models import Account
from adherents.accounts.next_page import is_a_members_page, is_an_agents_page, page_wanted, stood_on
from adherents.accounts.permissions import acts_of, roles_that_may
from adherents.accounts.second_factor import session
from adherents.accounts.views.agent import sign_in_again as agent_signs_in_again
from adherents.accounts.views.member import sign_in_again
from adherents.drafts.posted import keep_posted, sign_in_to_go_on
from adherents.telemetry.outages import RETRY_AFTER, Part, part_away
from adherents.vault.refusals import FileRefusal
from adherents.vault.uploads import tus_headers

# Each is done over with success once its cause has passed, a deadlock too.
PASSING = (OperationalError, InterfaceError)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "ui/errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 404)


def _refused(request: HttpRequest, status: int) -> HttpResponse:
    """In the words of the member's space, or of the desk for an agent who is at work there."""
    account = getattr(request, "user", None)  # not there yet where a middleware refuses
    if isinstance(account, Account) and account.is_agent and session.passed(request, account):
        context = {"may": acts_of(account), "account": account, **_who_may(request)}
        return render(request, f"desk/errors/{status}.html", context, status=status)
    return render(request, f"ui/errors/{status}.html", status=status)


def _who_may(request: HttpRequest) -> dict[str, Any]:
    """Whose page this is: of which roles, or a member's."""
    view = request.resolver_match.func if request.resolver_match else None
    act = getattr(view, "act", None)
    roles = [role.label for role in roles_that_may(act)] if act else []
    return {"roles": roles, "is_members": bool(getattr(view, "for_members", False))}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old: mostly a page opened before somebody signed in or out in another tab.

    Nothing of it is done. What was typed is kept for the account whose page it was, and leads there where it is signed in.
    """
    try:
        place, kept = keep_posted(request)
    except RateLimited:
        return render(request, "ui/errors/429.html", status=429)
    here = request.user.pk if request.user.is_authenticated else None
    if place and here == place.account:
        return redirect(place.page)
    if place and here is None:
        return redirect(sign_in_to_go_on(place, request, kept=kept))
    if not request.COOKIES:
        return render(request, "ui/errors/cookies.html", status=403)
    if here is None and settings.CSRF_COOKIE_NAME in request.COOKIES:
        if request.path == reverse("accounts:sign_in"):
            return sign_in_again(request)
        if request.path == reverse("accounts:agent_sign_in"):
            return agent_signs_in_again(request)
    context = {
        "anothers": place is not None,
        "no_cookie": settings.CSRF_COOKIE_NAME not in request.COOKIES,
        "goes_on": _goes_on(request),
    }
    return render(request, "ui/errors/csrf.html", context, status=403)


def _goes_on(request: HttpRequest) -> str:
    """The page that the person who is signed in was going to; "" for the home page."""
    address = stood_on(request)
    if not request.user.is_authenticated:
        return ""
    is_agent = getattr(request.user, "is_agent", False)
    own = is_an_agents_page if is_agent else is_a_members_page
    return page_wanted(request) or (address if own(address) else "")


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: the session or the database may be what broke. So the language is the one that the browser
    chose, since the account's cannot be asked for.

    503 where a part that the portal stands on does not answer: the same request succeeds once it is back.
    """
    error = sys.exception()
    if _is_passing(error):
        return away(request, part_away(error))
    with _language_of(request):
        return HttpResponse(render_to_string("ui/errors/500.html"), status=500)


def _language_of(request: HttpRequest) -> AbstractContextManager[object]:
    return translation.override(chosen_language(request) or translation.get_language())


def away(request: HttpRequest, part: Part | None) -> HttpResponse:
    """503, in words, where a part does not answer."""
    with _language_of(request):
        return _away(request, part)


def _away(request: HttpRequest, part: Part | None) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    if "Tus-Resumable" in request.headers:  # a program asks: in its words, and for the page's reader
        refusal = {"reason": FileRefusal.NOT_KEPT.value, "sentence": str(FileRefusal.NOT_KEPT.label)}
        return JsonResponse(refusal, status=503, headers=headers | {"Tus-Resumable": tus_headers.VERSION})
    page = "documents_away" if part is Part.STORAGE else "away"
    return HttpResponse(render_to_string(f"ui/errors/{page}.html"), status=503, headers=headers)


def _is_passing(error: BaseException | None) -> bool:
    """Whether this, or what caused it, is a part that does not answer, or a database that has too much to do."""
    if part_away(error) is not None:
        return True
    while error is not None:
        if isinstance(error, PASSING):
            return True
        error = error.__cause__ or error.__context__
    return False
