"""Who works at the desk: the list, an agent's page, a new agent. What is done on an agent's page is in `act_table`."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services import agents as service
from adherents.desk.agent_forms import InvitationForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import agents


def agent_or_404(pk: int) -> Account:
    """The agent of this number; a member is none."""
    agent: Account = get_object_or_404(Account.objects.agents(), pk=pk)
    return agent


@allowed_to(Act.SEE_AGENTS)
@require_safe
def agents_page(request: HttpRequest) -> HttpResponse:
    """Role, state, second factor, last sign-in, open sessions."""
    reader = account_of(request)
    context = {"may": acts_of(reader), "lines": agents.agent_lines(), "reader": reader}
    return render(request, "desk/agents.html", context)


@allowed_to(Act.SEE_AGENTS)
@require_safe
def agent_page(request: HttpRequest, pk: int) -> HttpResponse:
    agent, reader = agent_or_404(pk), account_of(request)
    context = {
        "may": acts_of(reader),
        "agent": agent,
        "record": agents.agent_record(agent, reader=reader),
        "self": agent.pk == reader.pk,
    }
    return render(request, "desk/agent.html", context)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """A new agent: an account without a password, and the link that lets set one."""
    by = account_of(request)
    draft = reason_draft(request, InvitationForm)
    form = InvitationForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            made = service.invite(actor=by.actor, **form.cleaned_data)
        except (service.AlreadyThere, service.ArrivesByDirectory) as refusal:
            form.add_error(form.refused_at, str(refusal.message))
        else:
            draft.done()
            messages.success(request, _("Invitation envoyée."))
            return redirect("desk:agent", made.pk)
    context = {"may": acts_of(by), "form": form, "draft": draft, "teams": agents.teams()}
    return render(request, "desk/invite_agent.html", context)
