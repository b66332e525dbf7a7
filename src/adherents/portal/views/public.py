"""Pages that every visitor may read: contact, help, what the law asks a site to say."""

from datetime import date, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from adherents.accounts.models import Account
from adherents.accounts.services.language import choose_language
from adherents.insurer.hours import english_opening, is_closed_day, opening_hours, quiet_hours
from adherents.insurer.profile import profile
from adherents.portal.questions import SUBJECTS

CLOSED_DAYS_AHEAD = 30


def _show(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """A page for every visitor; a member who is signed in keeps the member's menu."""
    is_member = isinstance(request.user, Account) and not request.user.is_agent
    return render(request, template, {"around": "ui/member.html" if is_member else "ui/base.html", **context})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The portal's address alone: a person who types it wants to sign in, or is signed in."""
    return redirect("accounts:sign_in")


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """How to reach the service, and whether it answers now (G14)."""
    english = profile().contact.english
    return _show(
        request,
        "portal/contact.html",
        week=opening_hours(),
        quiet_hours=quiet_hours(),
        closed_days=closed_days_ahead(timezone.localdate()),
        english_opening=english_opening(),
        english_week=opening_hours(english.hours) if english else [],
    )


def closed_days_ahead(today: date) -> list[date]:
    """The days of the coming month when the service should answer and does not."""
    days = [today + timedelta(days=ahead) for ahead in range(CLOSED_DAYS_AHEAD)]
    return [day for day in days if is_closed_day(day) and profile().contact.hours.on(day.weekday())]


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Every question of the guide, and those that follow (G16)."""
    return _show(request, "portal/help.html", subjects=SUBJECTS)


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    return _show(request, "portal/legal.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What the regulation (GDPR, articles 13 and 14) asks to tell."""
    return _show(request, "portal/privacy.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return _show(request, "portal/accessibility.html")


@require_safe
def browser(request: HttpRequest) -> HttpResponse:
    """Which browsers work, for a person who has another one (G15)."""
    return _show(request, "portal/browser.html")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language, and write this language down for the mails of the member who is signed in."""
    back = request.POST.get("next", "/")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = redirect(back)
    chosen = request.POST.get("language", "")
    if chosen in profile().languages:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
            httponly=True,
        )
        if isinstance(request.user, Account):
            choose_language(account=request.user, language=chosen)
    return response
