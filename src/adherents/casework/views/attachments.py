"""« À traiter »: what came with a member's message becomes a document to treat."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework.forms import AttachmentForm
from adherents.casework.services.entering import CannotTreatAttachment, enter_attachment
from adherents.desk.views.document import page_number, viewer_context
from adherents.desk.views.member_record import record_context
from adherents.ui import moments
from adherents.vault.models import Document
from adherents.vault.origins import Origin

THREAD = "thread"  # in the address: the conversation that the agent came from


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def treat_attachment(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Its kind and its person, beside its pages; then back to the conversation."""
    rows = Document.objects.select_related("member__account", "deposit", "beneficiary")
    document = get_object_or_404(rows.defer("wrapped_key"), pk=document_id)
    back = _way_back(request, document)
    if document.is_from_insurer or document.deposit.sent_by_id is None:
        raise Http404
    if document.origin != Origin.MESSAGE:
        messages.info(request, _("Cette pièce jointe est déjà un document à traiter."))
        return redirect(back)
    form = AttachmentForm(request.POST if request.method == "POST" else None, member=document.member)
    if form.is_valid():
        try:
            made = enter_attachment(agent=account_of(request), document=document, **form.cleaned_data)
        except CannotTreatAttachment as refusal:
            messages.error(request, str(refusal.message))
        else:
            facts = {"kind": made.kind_label, "day": moments.day(made.answer_expected_on)}
            words = _("Document à traiter : %(kind)s, réponse attendue avant le %(day)s.")
            messages.success(request, words % facts)
        return redirect(back)
    if document.erased_at is not None:
        raise Http404
    shown = record_context(request, document.member) | viewer_context(request, document, page_number(request))
    return render(request, "casework/treat_attachment.html", shown | {"form": form, "back_to": back})


def _way_back(request: HttpRequest, document: Document) -> str:
    """The conversation, where the agent came from one; else the document."""
    try:
        return reverse("messaging:thread", args=[uuid.UUID(request.GET.get(THREAD, ""))])
    except ValueError:
        return reverse("desk:document", args=[document.pk])
