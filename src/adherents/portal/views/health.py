"""For machines: is the portal alive, and is it ready to serve?"""

import logging
import secrets
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import answers_head_itself, says_no_word
from adherents.storage import objects

logger = logging.getLogger(__name__)


@answers_head_itself
@says_no_word
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; looks at nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@answers_head_itself
@says_no_word
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when database, storage and cache all answer, 503 when one does not; the logs say why."""
    answering = states()
    return JsonResponse(
        {name: "ok" if answers else "down" for name, answers in answering.items()},
        status=200 if all(answering.values()) else 503,
    )


def states() -> dict[str, bool]:
    """Which of database, storage and cache are there and answer."""
    return {name: _answers(probe) for name, probe in PROBES.items()}


def _database() -> bool:
    with connection.cursor() as cursor:
        # A table of ours, because to SQLite an empty file is a database too.
        cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
        return bool(cursor.fetchone())


def _storage() -> bool:
    objects.probe()  # asked for an object that is not there, a bucket that is not there either answers the same
    return True


def _cache() -> bool:
    mark = secrets.token_hex(8)
    cache.set("ready-probe", mark, 30)
    return cache.get("ready-probe") is not None


PROBES: dict[str, Callable[[], bool]] = {"database": _database, "storage": _storage, "cache": _cache}


def _answers(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception:  # whatever it is that fails, the answer is « not ready »
        logger.exception("readiness probe failed")
        return False
