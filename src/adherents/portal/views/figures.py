"""For Prometheus: what the portal counts (`telemetry.exposition`)."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import answers_head_itself, says_no_word
from adherents.accounts.next_page import in_threads_of_its_own
from adherents.telemetry.exposition import exposed as figures
from adherents.telemetry.exposition import is_allowed


@in_threads_of_its_own
@answers_head_itself
@says_no_word
@require_safe
def exposed(request: HttpRequest) -> HttpResponse:
    """With the token, where one is set; without, on a portal on trial only. In production there is no such page then."""
    token = settings.ADHERENTS_METRICS_TOKEN
    if not token and settings.IN_PRODUCTION:
        raise Http404
    if token and not is_allowed(request.headers.get("Authorization", ""), token):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    body, content_type = figures(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)
