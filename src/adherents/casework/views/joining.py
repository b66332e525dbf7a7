"""« Réunir »: which documents of a sending are one paper, beside their first pages; and the way back."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework.joining_forms import JoinForm
from adherents.casework.services import joining
from adherents.casework.services.queue import NotAvailable
from adherents.casework.views.queue import item_or_404, treat_address
from adherents.casework.views.treating import item_screen
from adherents.casework.whole.selectors import whole_sending
from adherents.desk.views.document import document_or_404
from adherents.insurer.profile import profile
from adherents.vault.models import Document
from adherents.vault.services.joining import FEWEST


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The place of each document that the agent has in hand of the sending; one without a place stays by itself."""
    item = item_or_404(document_id)
    document = document_or_404(document_id)
    joinable = whole_sending(document, account_of(request)).joinable
    if len(joinable) < FEWEST:
        return redirect(treat_address(document_id, request))
    form = JoinForm(request.POST or None, documents=joinable, kind=_kind([document, *joinable]))
    if form.is_valid():
        try:
            made = joining.join(
                agent=account_of(request), item=item, document_ids=form.chosen, kind=form.cleaned_data["kind"]
            )
        except (joining.CannotJoin, NotAvailable) as refusal:
            form.add_error(None, str(refusal.message))
        else:
            words = ngettext(
                "%(count)s document n’en fait plus qu’un : il est dans vos mains.",
                "%(count)s documents n’en font plus qu’un : il est dans vos mains.",
                len(form.chosen),
            )
            messages.success(request, words % {"count": len(form.chosen)})
            return redirect(treat_address(made.document_id, request))
    return render(request, "casework/join.html", item_screen(request, item) | {"form": form})


def _kind(documents: list[Document]) -> str:
    """That of the document on the screen, or of the first one whose kind is known."""
    known = {kind.code for kind in profile().documents.kinds}
    return next((document.kind for document in documents if document.kind in known), "")


@allowed_to(Act.TREAT)
@require_POST
def separate(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """« Séparer », of the joined document that the address names: the first that was sent is on the screen, all are in hand."""
    item = item_or_404(document_id)
    try:
        sent = joining.separate(agent=account_of(request), item=item)
    except joining.CannotJoin as refusal:
        messages.error(request, str(refusal.message))
        return redirect(treat_address(document_id, request))
    messages.success(request, _("Séparés : chaque document est à nouveau traité à part, et à vous."))
    return redirect(treat_address(sent[0].document_id, request))
