"""« Classer dans un autre dossier »: the member is looked for, then chosen, then why; and « Annuler », in time."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework.models import Item, Relocation
from adherents.casework.services import relocating
from adherents.casework.services.queue import NotAvailable
from adherents.casework.views.queue import carried, go_on, item_or_404, treat_address
from adherents.casework.views.treating import item_screen
from adherents.desk.forms import ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors.search import answer
from adherents.desk.views.search import LONGEST
from adherents.members.models import Member


@allowed_to(Act.RELOCATE)
@require_http_methods(["GET", "HEAD", "POST"])
def relocate(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """What is typed to find the other member is posted, since addresses are logged; who is chosen stands in the address."""
    item = item_or_404(document_id)
    chosen = _chosen(request, item)
    searched = request.POST.get("who", "").strip()[:LONGEST] if chosen is None else ""
    draft = reason_draft(request, ReasonForm, f"{document_id}")
    confirms = request.method == "POST" and chosen is not None
    form = ReasonForm(request.POST if confirms else None, initial=draft.begin() if chosen else {})
    if confirms and chosen is not None and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            relocating.relocate(agent=account_of(request), item=item, to=chosen, reason=reason)
        except relocating.FileRefused as refusal:
            form.add_error(None, str(refusal.message))
        except (relocating.CannotRelocate, NotAvailable) as refusal:
            messages.error(request, str(refusal.message))
            return redirect(treat_address(document_id, request))
        else:
            draft.done()
            return go_on(request, item)
    screen = item_screen(request, item)
    if not screen["is_mine"]:
        return redirect(treat_address(document_id, request))
    address = reverse("casework:relocate", args=[document_id]) + carried(request)
    found = answer(searched)
    return render(
        request,
        "casework/relocate.html",
        screen
        | {
            "address": address,
            "choose": f"{address}{'&' if '?' in address else '?'}member=",
            "chosen": chosen,
            "searched": searched,
            "found": found,
            "people": [row for row in found.people if _can_be_chosen(row[0], item)],
            "form": form,
            "draft": draft,
        },
    )


def _chosen(request: HttpRequest, item: Item) -> Member | None:
    """Who is named in the address; None where nobody is, or nobody who can be."""
    key = request.GET.get("member", "")
    if not (key.isdecimal() and len(key) < 19):
        return None
    member = Member.objects.filter(pk=int(key)).first()
    return member if member is not None and _can_be_chosen(member, item) else None


def _can_be_chosen(member: Member, item: Item) -> bool:
    return member.pk != item.about.member_id and not member.is_former_holder


@allowed_to(Act.RELOCATE)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """« Annuler », in time: the document is on the screen again, in hand."""
    agent = account_of(request)
    mine = Relocation.objects.filter(agent=agent).select_related("item__document")
    relocation = get_object_or_404(mine, pk=pk)
    try:
        relocating.undo(agent=agent, relocation=relocation)
    except (relocating.CannotRelocate, NotAvailable) as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Annulé : le document reste dans ce dossier."))
    return redirect(treat_address(relocation.item.document_id, request))
