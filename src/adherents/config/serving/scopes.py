"""What a request says of itself before the application sees it, read from its ASGI scope."""

from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve

from adherents.accounts.tokens import hash_token
from adherents.api.handlers import CONTENT_TYPE, problem_response
from adherents.api.problems import Refused, problem_of
from adherents.telemetry import request_ids

Scope = dict[str, Any]


def named(scope: Scope) -> tuple[Scope, str]:
    """The scope with exactly one name for its request in its headers, and this name (`telemetry.request_ids`)."""
    header = request_ids.HEADER.lower().encode()
    name = request_ids.chosen(_every(scope, header))
    others = [(key, value) for key, value in scope["headers"] if key != header]
    return scope | {"headers": [*others, (header, name.encode())]}, name


def plain_answer(status: int, words: bytes, path: str = "") -> list[dict[str, Any]]:
    """The ASGI messages of an answer of a few words, with its request's name; below `/api/`, of a problem for programs."""
    kind = b"text/plain; charset=utf-8"
    if path.startswith("/api/"):
        kind, words = CONTENT_TYPE.encode(), problem_response(Refused(problem_of(status))).content
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(words)).encode()),
        (request_ids.HEADER.lower().encode(), request_ids.request_id().encode()),
    ]
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": words, "more_body": False},
    ]


def view_of(path: str) -> object:
    """The view that answers at this address; None where there is none."""
    try:
        return resolve(path).func
    except Resolver404:
        return None


def forwarded(scope: Scope) -> str:
    """Who the proxies say that they speak for, in their order."""
    return _every(scope, b"x-forwarded-for")


def _every(scope: Scope, header: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == header)


def session_cookie(header: bytes) -> str:
    """The session's, from the request's cookies."""
    try:
        morsel = SimpleCookie(header.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def browser(session_key: str) -> str:
    """What stands for the browser until somebody has looked who that is; "" where it brings no session."""
    return hash_token(session_key) if session_key else ""
