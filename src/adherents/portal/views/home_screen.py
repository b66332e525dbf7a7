"""What a browser reads to put the portal on a home screen. Asked for without cookies: the language is in the address."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import says_no_word
from adherents.insurer.profile import profile
from adherents.ui import home_screen


def _language(request: HttpRequest) -> str:
    asked = request.GET.get(home_screen.LANGUAGE, "")
    return asked if asked in profile().languages else profile().languages[0]


@says_no_word
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    return JsonResponse(home_screen.manifest(_language(request)), content_type="application/manifest+json")


@says_no_word
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """From the root, since a worker sees no page above its own address."""
    return HttpResponse(home_screen.worker(_language(request)), content_type="text/javascript; charset=utf-8")


@says_no_word
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    language = _language(request)
    return HttpResponse(home_screen.offline_page(language), headers={"Content-Language": language})
