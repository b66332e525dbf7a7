"""What every request and every response passes through, whatever room answers."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

Handler = Callable[[HttpRequest], HttpResponseBase]
access = logging.getLogger("adherents.access")

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS_HELD = ("object-src", "base-uri", "frame-ancestors")


def access_log(get_response: Handler) -> Handler:
    """One line a request: the route, never the path, since a path may hold a token (G6)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        start = time.perf_counter()
        response = get_response(request)
        route = request.resolver_match.route if request.resolver_match else "-"
        access.info(
            "request",
            extra={
                "method": request.method,
                "route": f"/{route}",
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - start) * 1000, 1),
            },
        )
        return response

    return middleware


def response_headers(get_response: Handler) -> Handler:
    """The headers that protect every response. A view that needs others sets them itself, and they stay."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        headers = response.headers
        headers["Content-Security-Policy"] = _held(
            headers.get("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        )
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        # Not `no-referrer`: browsers then send `Origin: null` with every form, which no CSRF check can tell from a stranger's.
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault(
            "Permissions-Policy", "camera=(self), microphone=(), geolocation=(), interest-cohort=()"
        )
        if settings.HTTPS:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if not request.path.startswith(settings.STATIC_URL):
            headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def head_writes_nothing(get_response: Handler) -> Handler:
    """HEAD answers like GET, and what that wrote in the database is undone: link checkers and monitors leave no trace.

    `answers_head_itself` marks the views that are left alone: for machines, where HEAD is a question of its own.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD" or _answers_head_itself(request.path_info):
            return get_response(request)
        with transaction.atomic():
            response = get_response(request)
            transaction.set_rollback(True)
        return response

    return middleware


def _answers_head_itself(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "answers_head_itself", False)
    except Resolver404:
        return False


def _held(policy: str) -> str:
    """A view's own policy, with what `default-src` does not stand for added where the view did not say it."""
    missing = [f"{name} 'none'" for name in ALWAYS_HELD if name not in policy]
    return "; ".join([policy.rstrip("; "), *missing])
