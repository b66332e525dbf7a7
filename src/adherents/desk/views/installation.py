"""What an administrator may read of the installation, and change nowhere here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.selectors import installation


@allowed_to(Act.SEE_PROFILE)
@require_safe
def profile_page(request: HttpRequest) -> HttpResponse:
    """The insurer's profile, as it is in force."""
    context = {"may": acts_of(account_of(request)), "tables": installation.profile_tables()}
    return render(request, "desk/profile.html", context)


@allowed_to(Act.SEE_INSTALLATION)
@require_safe
def installation_page(request: HttpRequest) -> HttpResponse:
    """Whether each part does its work, whether workers live, and what waits for them."""
    context = {
        "may": acts_of(account_of(request)),
        "parts": installation.part_lines(),
        "lanes": installation.lane_lines(),
        "backlogs": installation.backlog_lines(),
    }
    return render(request, "desk/installation.html", context)


@allowed_to(Act.SEE_KEYS)
@require_safe
def keys_page(request: HttpRequest) -> HttpResponse:
    """Which keys are live, by their names, and how each is replaced."""
    context = {"may": acts_of(account_of(request)), "keys": installation.keys()}
    return render(request, "desk/installed_keys.html", context)
