"""For machines: is the portal alive, is it ready to serve, and which of its parts do not do their work?

Both answer `{"status": "ok"|"degraded"|"down", "degraded": [names]}` (`telemetry.engines`); the logs say why.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import answers_head_itself, says_no_word
from adherents.accounts.next_page import in_threads_of_its_own
from adherents.telemetry import engines


@in_threads_of_its_own
@answers_head_itself
@says_no_word
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers, with what it found a few seconds ago. Nothing is asked or waited for."""
    return JsonResponse(engines.last_look().as_json())


@in_threads_of_its_own
@answers_head_itself
@says_no_word
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when pages can be served, if perhaps without a part of what they do; 503 when they cannot. Asks now, for two seconds
    at most."""
    health = engines.look()
    return JsonResponse(health.as_json(), status=503 if health.status == "down" else 200)


def states() -> dict[str, bool]:
    """Each part that the settings name, and whether it answers. Workers and the mails that left are of another moment."""
    health = engines.look()
    return {name: name not in health.away for name in health.looked_at if name not in {"worker", "mail"}}
