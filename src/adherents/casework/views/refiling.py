"""« Reclasser »: another kind, or another person of the same contract, by one key each."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework import selectors
from adherents.casework.models import Refiling
from adherents.casework.services import filing
from adherents.casework.services.queue import NotAvailable
from adherents.casework.views.queue import item_or_404, treat_address
from adherents.casework.views.treating import item_screen
from adherents.vault.models import Document
from adherents.vault.selectors.listing import THEMSELVES
from adherents.vault.services.filing import Place


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def refile(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The kinds, then the people: each is a button, and pressing it is the act."""
    item = item_or_404(document_id)
    if request.method == "POST":
        try:
            filing.refile(agent=account_of(request), item=item, to=_place(request, item.about))
        except (filing.CannotFile, NotAvailable) as refusal:
            messages.error(request, str(refusal.message))
        return redirect(treat_address(item.document_id, request))
    screen = item_screen(request, item)
    if not screen["is_mine"]:
        return redirect(treat_address(item.document_id, request))
    places = selectors.other_places(item.about)
    may_relocate = Act.RELOCATE in screen["may"] and not item.about.has_no_bytes
    return render(request, "casework/refile.html", screen | {"places": places, "may_relocate": may_relocate})


def _place(request: HttpRequest, document: Document) -> Place:
    """The kind or the person whose button was pressed, and what the document has of the other."""
    person = request.POST.get("person", "")
    if not person:
        return Place(request.POST.get("kind", ""), document.beneficiary_id)
    if person == THEMSELVES:
        return Place(document.kind, None)
    return Place(document.kind, int(person) if person.isdecimal() and len(person) < 19 else 0)


@allowed_to(Act.TREAT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """« Annuler », in time: the document is on the screen again, as it was filed before."""
    agent = account_of(request)
    refiling = get_object_or_404(Refiling.objects.filter(agent=agent).select_related("item"), pk=pk)
    try:
        filing.undo(agent=agent, refiling=refiling)
    except (filing.CannotFile, NotAvailable) as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Reclassement annulé : le document est classé comme avant."))
    return redirect(treat_address(refiling.item.document_id, request))
