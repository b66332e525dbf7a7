"""A new second factor for an agent: one person asks, a second one agrees or not."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services import new_factor
from adherents.desk.agent_forms import FactorAnswerForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.views.agents import agent_or_404


@allowed_to(Act.GIVE_SECOND_FACTOR)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The second of the two: agree, or not."""
    agent, by = agent_or_404(pk), account_of(request)
    waiting = agent.factor_requests.waiting().select_related("asked_by", "account").first()
    if waiting is None:
        messages.info(request, str(new_factor.NothingWaits.message))
        return redirect("desk:agent", pk)
    draft = reason_draft(request, FactorAnswerForm, pk)
    form = FactorAnswerForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        approved = form.cleaned_data["answer"] == "approve"
        settle = new_factor.approve if approved else new_factor.refuse
        try:
            settle(request=waiting, by=by, reason=form.cleaned_data["reason"])
        except new_factor.FactorRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            messages.success(
                request,
                _(
                    "Accordé : l’ancien second facteur n’ouvre plus, un lien part à l’agent pour en ajouter un autre."
                )
                if approved
                else _("Refusé : rien ne change pour l’agent, qui en est prévenu."),
            )
            return redirect("desk:agent", pk)
    context = {
        "may": acts_of(by),
        "agent": agent,
        "form": form,
        "draft": draft,
        "waiting": waiting,
        "mine": waiting.asked_by_id == by.pk,
        "self": agent.pk == by.pk,
    }
    return render(request, "desk/answer_new_factor.html", context)
