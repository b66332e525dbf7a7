"""« Réponses types »: what a supervisor keeps ready for the agents."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.messaging import placeholders
from adherents.messaging.forms import CannedAnswerForm
from adherents.messaging.models import CannedAnswer
from adherents.messaging.services import canned_answers


@allowed_to(Act.EDIT_TEMPLATES)
@require_safe
def canned_list(request: HttpRequest) -> HttpResponse:
    context = {"may": acts_of(account_of(request)), "answers": list(CannedAnswer.objects.in_order())}
    return render(request, "messaging/agent/canned_list.html", context)


@allowed_to(Act.EDIT_TEMPLATES)
@require_http_methods(["GET", "HEAD", "POST"])
def canned_new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@allowed_to(Act.EDIT_TEMPLATES)
@require_http_methods(["GET", "HEAD", "POST"])
def canned_answer(request: HttpRequest, answer_id: int) -> HttpResponse:
    return _edit(request, get_object_or_404(CannedAnswer, pk=answer_id))


@allowed_to(Act.EDIT_TEMPLATES)
@require_POST
def canned_remove(request: HttpRequest, answer_id: int) -> HttpResponse:
    canned_answers.remove(agent=account_of(request), answer_id=answer_id)
    messages.success(request, _("Réponse type supprimée. Ce qui a été envoyé avec elle reste."))
    return redirect("messaging:canned_list")


def _edit(request: HttpRequest, kept: CannedAnswer | None) -> HttpResponse:
    agent = account_of(request)
    initial = {"title": kept.title, "fr": kept.fr, "en": kept.en} if kept else {}
    about = subject_of(SubjectKind.ANSWER, kept.pk) if kept else ""
    draft = Sheet(request, DraftKind.CANNED_ANSWER, "title", "fr", "en", about=about)
    posted = request.POST if request.method == "POST" else None
    form = CannedAnswerForm(posted, initial=draft.begin(initial), kept=kept)
    if form.is_valid():
        try:
            canned_answers.keep(agent=agent, answer_id=kept.pk if kept else None, **form.cleaned_data)
        except canned_answers.TitleTaken as refusal:
            form.add_error("title", str(refusal.message))
        else:
            messages.success(request, _("Réponse type enregistrée."))
            return redirect("messaging:canned_list")
    context = {
        "may": acts_of(agent),
        "form": form,
        "draft": draft,
        "kept": kept,
        "fields": placeholders.FIELDS,
    }
    return render(request, "messaging/agent/canned_answer.html", context)
