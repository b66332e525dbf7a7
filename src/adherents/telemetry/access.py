"""One line a request in the log, and its count: by route, never by path, since a path may hold a token (G6)."""

import logging

from django.urls import Resolver404, ResolverMatch, resolve

from adherents.telemetry import metrics

NOBODY_THERE = 499  # the client was gone before it was answered (nginx says it so too)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
access = logging.getLogger("adherents.access")


def note(*, method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered, or broke off."""
    metrics.REQUESTS.labels(route, metrics.status_class(status)).observe(seconds)
    access.info(
        "request",
        extra={
            "method": method_of(method),
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        },
    )


def method_of(given: str) -> str:
    """« - » for a method that is none: it could be any word."""
    return given if given in _METHODS else "-"


def route_of(match: ResolverMatch | None) -> str:
    """« /adherent/documents/<uuid:pk>/ »; « /- » where no view answers."""
    return f"/{match.route if match else '-'}"


def route_at(path: str) -> str:
    """The route of a path whose request never came as far as a view."""
    try:
        return route_of(resolve(path))
    except Resolver404:
        return route_of(None)
