"""« Répartir »: into which documents a file is split, beside its pages; and the way back."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework.services import splitting
from adherents.casework.services.queue import NotAvailable
from adherents.casework.splitting_forms import SplitForm
from adherents.casework.views.queue import item_or_404, treat_address
from adherents.casework.views.treating import item_screen
from adherents.desk.views.document import document_or_404
from adherents.vault.services.splitting import FEWEST


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The pages, the kind and the person of each part. « Une partie de plus » shows another row, and keeps what was typed."""
    item = item_or_404(document_id)
    asked = request.POST.get("rows", "")
    rows = int(asked) if asked.isdecimal() and len(asked) < 4 else FEWEST
    document = document_or_404(document_id)
    if "more" in request.POST:
        form = SplitForm(document=document, rows=rows + 1, initial=request.POST.dict())
    else:
        form = SplitForm(request.POST or None, document=document, rows=rows)
        if form.is_valid():
            try:
                items = splitting.split(agent=account_of(request), item=item, slices=form.slices)
            except (splitting.CannotSplit, NotAvailable) as refusal:
                form.add_error(None, str(refusal.message))
            else:
                count = len(items)
                words = ngettext(
                    "Réparti en %(count)s document : il est dans vos mains.",
                    "Réparti en %(count)s documents : ils sont dans vos mains, à décider un par un.",
                    count,
                )
                messages.success(request, words % {"count": count})
                return redirect(treat_address(items[0].document_id, request))
    screen = item_screen(request, item)
    if not screen["may_split"]:
        return redirect(treat_address(document_id, request))
    return render(request, "casework/split.html", screen | {"form": form})


@allowed_to(Act.TREAT)
@require_POST
def put_together(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """« Annuler la répartition », of the original that the address names: it is on the screen again, in hand."""
    item = item_or_404(document_id)
    try:
        splitting.put_together(agent=account_of(request), item=item)
    except splitting.CannotSplit as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Répartition annulée : le document est à nouveau un seul, et à vous."))
    return redirect(treat_address(document_id, request))
