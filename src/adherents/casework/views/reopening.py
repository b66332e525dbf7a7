"""« Rouvrir »: the page that asks why, and leads to the document, in hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.casework import selectors
from adherents.casework.models import Decision
from adherents.casework.services import reopening
from adherents.casework.services.reopening import CannotReopen, ReopenedAlready
from adherents.desk.forms import ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.views.document import document_or_404
from adherents.desk.views.member_record import record_context


@allowed_to(Act.REOPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Why the decision is reopened, beside what was decided."""
    agent = account_of(request)
    decision = get_object_or_404(Decision.objects.select_related("item", "agent"), pk=pk)
    document = document_or_404(decision.item.about.pk)
    draft = reason_draft(request, ReasonForm, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, initial=draft.begin())
    try:
        reopening.check(agent=agent, decision=decision, document=document)
        if form.is_valid():
            reopening.reopen(agent=agent, decision=decision, reason=form.cleaned_data["reason"])
            draft.done()
            messages.success(
                request, _("Décision rouverte : un mail le dit à l’adhérent, et le document est à vous.")
            )
            return redirect("casework:treat", document.pk)
    except ReopenedAlready as refusal:
        messages.error(request, str(refusal.message))
        return redirect("casework:treat", document.pk)
    except CannotReopen as refusal:
        messages.error(request, str(refusal.message))
        return redirect("desk:document", document.pk)
    context = record_context(request, document.member) | {
        "form": form,
        "draft": draft,
        "document": document,
        "decision": decision,
        "reason": selectors.reasons_label(decision),
    }
    return render(request, "casework/reopen.html", context)
