"""What every request and every response passes through, whatever room answers."""

import io
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import LimitedStream
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve

from adherents.accounts import limits
from adherents.config.errors import away
from adherents.config.serving.bridge import DATABASE_HANGS
from adherents.config.serving.exchanges import IN_MEMORY_BYTES
from adherents.insurer.profile import profile
from adherents.telemetry import access, request_ids, tracing
from adherents.telemetry.outages import Part

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_AFTER_AN_ADDRESS = re.compile(r"[\W_]+$")
Handler = Callable[[HttpRequest], HttpResponseBase]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS_HELD = ("object-src", "base-uri", "frame-ancestors")


def request_id(get_response: Handler) -> Handler:
    """The request's name, in its answer and around all that is logged about it (`telemetry.request_ids`)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        name = request_ids.chosen(request.headers.get(request_ids.HEADER, ""))
        with request_ids.named(name):
            response = get_response(request)
        response.headers[request_ids.HEADER] = name
        return response

    return middleware


def traced(get_response: Handler) -> Handler:
    """The request's span, while traces are on (`telemetry.tracing`), with all that is asked and answered for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        method = access.method_of(request.method or "")
        name = request_ids.request_id()
        with tracing.trace(
            method, kind="server", http__request__method=method, adherents__request_id=name
        ) as span:
            response = get_response(request)
            if span is not None:
                _tell_of(response, access.route_of(request.resolver_match), method, span)
        return response

    return middleware


def _tell_of(response: HttpResponseBase, route: str, method: str, span: "Span") -> None:
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": response.status_code})
    if response.status_code >= 500:
        tracing.mark_failed(span, str(response.status_code))
    if isinstance(response, StreamingHttpResponse):
        steps = tracing.each_within(span, cast(Iterable[bytes], response.streaming_content))
        response.streaming_content = steps


def access_log(get_response: Handler) -> Handler:
    """One line a request: the route, never the path, since a path may hold a token (G6)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        start = time.perf_counter()
        response = get_response(request)
        access.note(
            method=request.method or "",
            route=access.route_of(request.resolver_match),
            status=response.status_code,
            seconds=time.perf_counter() - start,
        )
        return response

    return middleware


class LongRequests:
    """A long request has not arrived whole when its view is called. Only views that take files read one, for an account that
    is signed in, or for a program whose key the view itself looks at first.

    A view may refuse one in words of its own (`refuses_long`): nothing is read for it either. The server learns which member a
    long request or answer is of, because each member has a bounded number at once (`serving.exchanges`).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.streaming:
            _note_member(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Handler, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Before any token is looked for in the form, which would read it."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) <= IN_MEMORY_BYTES:
            return None
        if not getattr(view, "takes_files", False):
            refuse: Handler = getattr(view, "refuse_long", _refuse_long)
            return refuse(request)
        if request.user.is_authenticated:
            _note_member(request)
        elif not getattr(view, "asks_who_calls", False):  # one that does reads nothing before it knows
            request._stream = LimitedStream(io.BytesIO(), 0)  # type: ignore[assignment]
        return None


def _refuse_long(request: HttpRequest) -> HttpResponseBase:
    return render(request, "ui/errors/413.html", status=413)


def _note_member(request: HttpRequest) -> None:
    exchange = request.META.get("adherents.exchange")
    if exchange is not None and request.user.is_authenticated:
        exchange.member = request.user.pk


def mailed_addresses(get_response: Handler) -> Handler:
    """An address as mail programs and people cut it out of a text: what stands after it leads to the page all the same.

    « . », « > », « ) », a space, a slash too many: no address of ours ends so.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return get_response(request)
        kept = _AFTER_AN_ADDRESS.sub("", request.path_info)
        after = request.path_info[len(kept) :]
        if after not in {"", "/"} and (there := _leads_to(kept)):
            return _to(there, request)
        response = get_response(request)
        if after == "/" and response.status_code == 404 and request.resolver_match is None and _is_page(kept):
            return _to(kept, request)
        return response

    return middleware


def _leads_to(kept: str) -> str:
    """The page of this address, with its own slash at the end or without; "" for none."""
    return next((address for address in (f"{kept}/", kept) if _is_page(address)), "")


def _is_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _to(path: str, request: HttpRequest) -> HttpResponseBase:
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponseRedirect(quote(path) + (f"?{query}" if query else ""))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def response_headers(get_response: Handler) -> Handler:
    """The headers that protect every response. A view that needs others sets them itself, and they stay."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        headers = response.headers
        headers["Content-Security-Policy"] = _held(headers.get("Content-Security-Policy", _policy()))
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


def _policy() -> str:
    """Signing out goes through FranceConnect, for who came by it: browsers hold what a form is redirected to to `form-action`."""
    known = profile().franceconnect
    if known is None:
        return CONTENT_SECURITY_POLICY
    there = urlsplit(known.issuer)
    return CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {there.scheme}://{there.netloc}"
    )


def database_hangs(get_response: Handler) -> Handler:
    """The server says that the database gives no answer at all: a page would wait for it as long as it hangs, with the thread."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if DATABASE_HANGS not in request.META or request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        return away(request, Part.DATABASE)

    return middleware


def head_writes_nothing(get_response: Handler) -> Handler:
    """HEAD answers like GET, and what that wrote in the database is undone: link checkers and monitors leave no trace. It counts
    for the limits all the same.

    `answers_head_itself` marks the views that are left alone: for machines, where HEAD is a question of its own.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD" or _answers_head_itself(request.path_info):
            return get_response(request)
        with limits.counted_all_the_same(), transaction.atomic():
            response = get_response(request)
            transaction.set_rollback(True)
        return response

    return middleware


def compressed(get_response: Handler) -> Handler:
    """Pages are compressed where nothing that the request says can stand in them (BREACH, `docs/security.md`): asked for without
    a query, and not of the desk, whose pages show what members wrote beside what others did.
    """

    compress = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and response.status_code == 200 and _says_nothing(request):
            compress.process_response(request, response)
        return response

    return middleware


def _says_nothing(request: HttpRequest) -> bool:
    asked = request.method in {"GET", "HEAD"} and not request.META.get("QUERY_STRING")
    return asked and not request.path.startswith("/gestion/")


def _answers_head_itself(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "answers_head_itself", False)
    except Resolver404:
        return False


def _held(policy: str) -> str:
    """A view's own policy, with what `default-src` does not stand for added where the view did not say it."""
    missing = [f"{name} 'none'" for name in ALWAYS_HELD if name not in policy]
    return "; ".join([policy.rstrip("; "), *missing])
