"""The pages shown when something goes wrong. Each names the phone and today's hours."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


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
    """Rendered without the request: the session or the database may be what broke."""
    return HttpResponse(render_to_string("ui/errors/500.html"), status=500)
