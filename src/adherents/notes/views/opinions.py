"""« Avis demandés »: what is asked of this agent and what they asked; asking, answering, taking back."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.views.document import document_or_404
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.insurer.calendar import add_working_days
from adherents.notes import selectors
from adherents.notes.forms import AskOpinionForm, GiveOpinionForm
from adherents.notes.models import Opinion
from adherents.notes.services import opinions as service
from adherents.notes.services.standing import DocumentGone, NotesRefused
from adherents.notes.views.notes import render_form, way_back

A_PAGE = 30
USUAL_DAYS = 2  # working days that a colleague is given, unless the asker says otherwise


@allowed_to(Act.NOTES)
@require_safe
def opinions_page(request: HttpRequest) -> HttpResponse:
    agent = account_of(request)
    page = Paginator(selectors.asked(agent), A_PAGE).get_page(request.GET.get("page"))
    context = {"may": acts_of(agent), "to_give": selectors.to_give(agent), "page": page}
    return render(request, "notes/opinions.html", context)


@allowed_to(Act.NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The agent asks, and keeps the document in hand."""
    document, agent = document_or_404(document_id), account_of(request)
    back = way_back(request, document)
    draft = Sheet(request, DraftKind.OPINION, "question", "colleague", "due_on", about=document.subject)
    first = draft.begin({"due_on": add_working_days(timezone.localdate(), USUAL_DAYS)})
    typed = request.POST if request.method == "POST" else None
    form = AskOpinionForm(typed, colleagues=selectors.colleagues(agent), initial=first)
    if form.is_valid():
        try:
            asked = service.ask_opinion(agent=agent, document=document, **form.cleaned_data)
        except DocumentGone as refusal:
            messages.error(request, str(refusal.message))
            return redirect("desk:member", document.member_id)
        except NotesRefused as refusal:
            form.add_error(refusal.field or None, str(refusal.message))
        else:
            words = _("Avis demandé à %(name)s. Le document reste où il est.")
            messages.success(request, words % {"name": asked.colleague.shown_name})
            return redirect(back)
    context = {"form": form, "draft": draft, "back": back}
    return render_form(request, "notes/ask.html", document.member, document, context)


@allowed_to(Act.NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """The colleague answers, with the document on the screen."""
    opinion = get_object_or_404(Opinion.objects.select_related("asker", "colleague"), pk=pk)
    document, agent = document_or_404(opinion.document_id), account_of(request)
    draft = Sheet(request, DraftKind.OPINION, "answer", about=opinion.reference)
    form = GiveOpinionForm(request.POST if request.method == "POST" else None, initial=draft.begin())
    try:
        service.check_expected(agent=agent, opinion=opinion)
        if form.is_valid():
            service.give_opinion(agent=agent, opinion=opinion, **form.cleaned_data)
            words = _("Avis donné : %(name)s le lit sur le document.") % {"name": opinion.asker.shown_name}
            messages.success(request, words)
            return redirect("notes:opinions")
    except DocumentGone as refusal:
        messages.error(request, str(refusal.message))
        return redirect("notes:opinions")
    except NotesRefused as refusal:
        messages.error(request, str(refusal.message))
        return redirect("desk:document", document.pk)
    context = {"form": form, "draft": draft, "opinion": opinion}
    return render_form(request, "notes/give.html", document.member, document, context)


@allowed_to(Act.NOTES)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The asker needs it no more."""
    opinion = get_object_or_404(Opinion.objects.kept(), pk=pk)
    try:
        service.withdraw_opinion(agent=account_of(request), opinion=opinion)
    except NotesRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Demande d’avis annulée."))
    return redirect("notes:opinions")
