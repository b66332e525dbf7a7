"""The gallery of elements, mounted where the portal is looked at: in the demo and in the tests."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from adherents.ui import gallery
from adherents.ui.criteria import password_criteria

SHELLS = {"page": "ui/base.html", "member": "ui/member.html", "agent": "ui/agent.html"}
ERRORS = ("400", "403", "404", "429", "500", "503", "away", "documents_away", "offline", "csrf", "cookies")


def elements(request: HttpRequest, shell: str = "page") -> HttpResponse:
    """Every element in each state, in the page of everybody, of a member or of an agent."""
    context = {
        "shell": SHELLS[shell],
        "sample": gallery.forms_in_each_state(),
        "criteria": password_criteria(),
        "cards": gallery.cards(),
        "steps": gallery.steps(),
        "page": gallery.pages(2),
        "states": [
            ("received", "Reçu"),
            ("in_progress", "En cours"),
            ("accepted", "Accepté"),
            ("incomplete", "À compléter"),
            ("refused", "Refusé"),
        ],
    }
    return render(request, "ui/gallery.html", context)


def error_page(request: HttpRequest, code: str) -> HttpResponse:
    """One of the pages for a gesture that failed."""
    return render(request, f"ui/errors/{code}.html", status=200)
