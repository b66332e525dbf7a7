"""Who works at the desk: the list, an agent's page, and what an administrator does there, each act with its reason."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services import agents as service
from adherents.accounts.services import end_sessions, new_factor
from adherents.accounts.services.end_sessions import NothingOpen
from adherents.desk.agent_forms import InvitationForm, RoleForm, TeamForm
from adherents.desk.forms import ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import agents
from adherents.drafts.form_sheets import Sheet

Form = ReasonForm | TeamForm
PAGE = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class Asked:
    """What an act's page says before it is done."""

    title: str
    words: str
    button: str
    danger: bool = False


def agent_of(pk: int) -> Account:
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
    agent, reader = agent_of(pk), account_of(request)
    context = {
        "may": acts_of(reader),
        "agent": agent,
        "record": agents.agent_record(agent, reader=reader),
        "self": agent.pk == reader.pk,
    }
    return render(request, "desk/agent.html", context)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def invite(request: HttpRequest) -> HttpResponse:
    """A new agent: an account without a password, and the link that lets set one."""
    by = account_of(request)
    draft = reason_draft(request, "", "email", "name", "team")
    form = InvitationForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            made = service.invite(actor=by.actor, **form.cleaned_data)
        except service.AlreadyThere as refusal:
            form.add_error("email", str(refusal.message))
        else:
            draft.done()
            messages.success(request, _("Invitation envoyée."))
            return redirect("desk:agent", made.pk)
    context = {"may": acts_of(by), "form": form, "draft": draft, "teams": agents.teams()}
    return render(request, "desk/invite_agent.html", context)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same link, fresh."""
    asked = Asked(
        _("Renvoyer l’invitation"),
        _("Un nouveau lien part à l’adresse de l’agent ; celui d’avant ne s’ouvre plus."),
        _("Renvoyer l’invitation"),
    )

    def do(agent: Account, by: Account, reason: str) -> str:
        service.invite_again(agent=agent, by=by, reason=reason)
        return _("Invitation renvoyée.")

    return act(request, pk, asked, do)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    agent, by = agent_of(pk), account_of(request)
    draft = reason_draft(request, pk)
    form = RoleForm(request.POST or None, initial=draft.begin({"role": agent.role}))
    if form.is_valid():
        try:
            service.change_role(agent=agent, by=by, **form.cleaned_data)
        except service.AgentActRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            messages.success(request, _("Rôle changé. L’agent est prévenu et doit se reconnecter."))
            return redirect("desk:agent", pk)
    asked = Asked(
        _("Changer le rôle"),
        _(
            "Le rôle dit ce que l’agent peut faire. Ses connexions ouvertes se terminent, un mail le prévient."
        ),
        _("Changer le rôle"),
    )
    return ask(request, agent, form, asked, draft)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def change_team(request: HttpRequest, pk: int) -> HttpResponse:
    """The group that figures and assignments go by."""
    agent = agent_of(pk)
    draft = reason_draft(request, pk, "team")
    initial = draft.begin({"team": agent.team})
    form = TeamForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        draft.done()
        service.change_team(agent=agent, by=account_of(request), team=form.cleaned_data["team"])
        messages.success(request, _("Groupe enregistré."))
        return redirect("desk:agent", pk)
    asked = Asked(
        _("Changer le groupe"),
        _(
            "Le groupe range l’agent dans les chiffres et la répartition ; il ne change rien à ce qu’il peut faire."
        ),
        _("Enregistrer"),
    )
    return ask(request, agent, form, asked, draft)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    asked = Asked(
        _("Suspendre l’agent"),
        _(
            "Ses connexions se terminent aussitôt, ses liens ne s’ouvrent plus, et il ne peut plus se connecter. "
            "Ce qu’il a fait reste au journal. Vous pourrez le rétablir."
        ),
        _("Suspendre"),
        danger=True,
    )

    def do(agent: Account, by: Account, reason: str) -> str:
        service.suspend(agent=agent, by=by, reason=reason)
        return _("Agent suspendu. Un mail le prévient.")

    return act(request, pk, asked, do)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def reinstate(request: HttpRequest, pk: int) -> HttpResponse:
    asked = Asked(
        _("Rétablir l’agent"),
        _("Il se reconnecte avec le mot de passe et le second facteur qu’il avait."),
        _("Rétablir"),
    )

    def do(agent: Account, by: Account, reason: str) -> str:
        service.reinstate(agent=agent, by=by, reason=reason)
        return _("Agent rétabli. Un mail le prévient.")

    return act(request, pk, asked, do)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def end_lock(request: HttpRequest, pk: int) -> HttpResponse:
    """The end of a lock before its time (G11)."""
    asked = Asked(
        _("Mettre fin au blocage"),
        _(
            "L’agent n’attend plus : « Mot de passe oublié » lui donne un nouveau mot de passe. L’ancien n’ouvre plus."
        ),
        _("Mettre fin au blocage"),
    )

    def do(agent: Account, by: Account, reason: str) -> str:
        service.end_lock(agent=agent, by=by, reason=reason)
        return _("Blocage levé. Un mail prévient l’agent.")

    return act(request, pk, asked, do)


@allowed_to(Act.MANAGE_AGENTS)
@require_http_methods(PAGE)
def end_all_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every session of the agent, at once; the agent may sign in again."""
    asked = Asked(
        _("Mettre fin aux connexions"),
        _("L’agent est déconnecté partout, aussitôt. Il peut se reconnecter ; un mail le prévient."),
        _("Mettre fin aux connexions"),
        danger=True,
    )

    def do(agent: Account, by: Account, reason: str) -> str:
        end_sessions.end_all_of(account=agent, by=by, reason=reason)
        return _("Connexions terminées. Un mail prévient l’agent.")

    return act(request, pk, asked, do)


def act(
    request: HttpRequest, pk: int, asked: Asked, do: Callable[[Account, Account, str], str]
) -> HttpResponse:
    """Ask why, do it, say it, back to the agent's page."""
    agent = agent_of(pk)
    draft = reason_draft(request, pk)
    form = ReasonForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            done = do(agent, account_of(request), form.cleaned_data["reason"])
        except (service.AgentActRefused, NothingOpen, new_factor.FactorRefused) as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            messages.success(request, done)
            return redirect("desk:agent", pk)
    return ask(request, agent, form, asked, draft)


def ask(request: HttpRequest, agent: Account, form: Form, asked: Asked, draft: Sheet) -> HttpResponse:
    context = {
        "may": acts_of(account_of(request)),
        "agent": agent,
        "form": form,
        "draft": draft,
        "asked": asked,
        "teams": agents.teams() if "team" in form.fields else [],
    }
    return render(request, "desk/agent_act.html", context)
