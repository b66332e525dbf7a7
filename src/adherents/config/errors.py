"""The pages shown when something goes wrong. Each names the phone and today's hours."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import ConnectionError as CacheGone
from redis.exceptions import TimeoutError as CacheSilent

from adherents.vault.content import Refusal
from adherents.vault.resumable import protocol

RETRY_AFTER = 5  # seconds
PARTS_AWAY = (OperationalError, InterfaceError, CacheGone, CacheSilent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "ui/errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "ui/errors/403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "ui/errors/404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old: mostly a page that stayed open for a day, or a browser that keeps no cookie."""
    if not request.COOKIES:
        return render(request, "ui/errors/cookies.html", status=403)
    return render(request, "ui/errors/csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: the session or the database may be what broke.

    503 where a part that the portal stands on does not answer: the same request succeeds once it is back.
    """
    if _is_away(sys.exception()):
        return _away(request)
    return HttpResponse(render_to_string("ui/errors/500.html"), status=500)


def _away(request: HttpRequest) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    if "Tus-Resumable" in request.headers:  # a program asks: in its words, and for the page's reader
        told = {"reason": Refusal.NOT_KEPT.value, "sentence": str(Refusal.NOT_KEPT.label)}
        return JsonResponse(told, status=503, headers=headers | {"Tus-Resumable": protocol.VERSION})
    return HttpResponse(render_to_string("ui/errors/away.html"), status=503, headers=headers)


def _is_away(error: BaseException | None) -> bool:
    """Whether this, or what caused it, is a database or a cache that does not answer (or has too much to do)."""
    while error is not None:
        if isinstance(error, PARTS_AWAY):
            return True
        error = error.__cause__ or error.__context__
    return False
