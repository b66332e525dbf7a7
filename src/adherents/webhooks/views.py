"""The webhooks, as an administrateur sees and manages them. Each act asks why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.forms import ActForm, ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.webhooks.forms import EndpointForm, PassOverForm, ReplayForm, SecretsForm
from adherents.webhooks.models import Endpoint
from adherents.webhooks.selectors import blocking, endpoint_lines, line_of
from adherents.webhooks.services import endpoints as service


@allowed_to(Act.MANAGE_WEBHOOKS)
@require_safe
def endpoints_page(request: HttpRequest) -> HttpResponse:
    """All of them: their state, their last answer, and how far behind they are."""
    context = {"may": acts_of(account_of(request)), "lines": endpoint_lines()}
    return render(request, "webhooks/endpoints.html", context)


@allowed_to(Act.MANAGE_WEBHOOKS)
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    """A new one. Its secret is in the answer, once."""
    by = account_of(request)
    draft = reason_draft(request, EndpointForm)
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=draft.begin())
    if form.is_valid():
        try:
            made = service.make(by=by, **form.cleaned_data)
        except service.EndpointRefused as refusal:
            form.add_error(refusal.field, str(refusal.message))
        else:
            draft.done()
            return _secret(request, made)
    context = {"may": acts_of(by), "form": form, "draft": draft}
    return render(request, "webhooks/make.html", context)


@allowed_to(Act.MANAGE_WEBHOOKS)
@require_safe
def endpoint_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, and what may be done with it."""
    endpoint = get_object_or_404(Endpoint, pk=pk)
    context = {"may": acts_of(account_of(request)), "line": line_of(endpoint), "next": blocking(endpoint)}
    return render(request, "webhooks/endpoint.html", context)


def _secret(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    context = {"may": acts_of(account_of(request)), "endpoint": endpoint}
    return render(request, "webhooks/secret.html", context)


@dataclass(frozen=True, kw_only=True)
class EndpointAct:
    """What may be done with a webhook. `do`: the service. `then`: the answer, from the request, the webhook and its outcome.

    `begins_with`: what the form begins with.
    """

    name: str
    path: str
    title: str | Promise
    words: str | Promise
    do: Callable[..., Any]
    then: Callable[[HttpRequest, Endpoint, Any], HttpResponse]
    form: type[ActForm] = ReasonForm
    button: str = ""
    danger: bool = False
    begins_with: Callable[[Endpoint], dict[str, Any]] = lambda endpoint: {}

    @property
    def view(self) -> Callable[..., HttpResponseBase]:
        @allowed_to(Act.MANAGE_WEBHOOKS)
        @require_http_methods(["GET", "HEAD", "POST"])
        def act_view(request: HttpRequest, pk: int) -> HttpResponse:
            return _ask_and_do(request, self, get_object_or_404(Endpoint, pk=pk))

        return act_view


def _ask_and_do(request: HttpRequest, act: EndpointAct, endpoint: Endpoint) -> HttpResponse:
    by = account_of(request)
    draft = reason_draft(request, act.form, endpoint.pk)
    begins_with = act.begins_with(endpoint) | draft.begin()
    form = act.form(request.POST if request.method == "POST" else None, initial=begins_with)
    if form.is_valid():
        try:
            outcome = act.do(by=by, endpoint_id=endpoint.pk, **form.cleaned_data)
        except service.ActNotDone as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            return act.then(request, endpoint, outcome)
    context = {"may": acts_of(by), "endpoint": endpoint, "form": form, "draft": draft, "act_page": act}
    return render(request, "webhooks/act.html", context)


def _back_saying(words: str | Promise) -> Callable[[HttpRequest, Endpoint, Any], HttpResponse]:
    def back(request: HttpRequest, endpoint: Endpoint, outcome: Any) -> HttpResponse:
        messages.success(request, str(words))
        return redirect("webhooks:endpoint", endpoint.pk)

    return back


def _resumed(request: HttpRequest, endpoint: Endpoint, missed: int) -> HttpResponse:
    if missed:
        lost = ngettext(
            "%(count)d événement n’est plus gardé et ne partira pas : il avait plus de trente jours.",
            "%(count)d événements ne sont plus gardés et ne partiront pas : ils avaient plus de trente jours.",
            missed,
        )
        messages.warning(request, lost % {"count": missed})
    return _back_saying(_("Remis en service : il reprend où il s’était arrêté."))(request, endpoint, missed)


def _replayed(request: HttpRequest, endpoint: Endpoint, count: int) -> HttpResponse:
    words = ngettext("%(count)d événement repart.", "%(count)d événements repartent.", count) % {
        "count": count
    }
    return _back_saying(words)(request, endpoint, count)


def _removed(request: HttpRequest, endpoint: Endpoint, outcome: Any) -> HttpResponse:
    messages.success(request, _("Webhook supprimé."))
    return redirect("webhooks:endpoints")


ACTS = [
    EndpointAct(
        name="pause",
        path="pause/",
        title=gettext_lazy("Mettre en pause"),
        words=gettext_lazy(
            "Plus rien n’est envoyé. Sa place dans le fil reste : il reprendra où il s’est arrêté."
        ),
        do=service.pause,
        then=_back_saying(gettext_lazy("Mis en pause.")),
    ),
    EndpointAct(
        name="resume",
        path="reprise/",
        title=gettext_lazy("Remettre en service"),
        words=gettext_lazy("Tout ce qui s’est passé depuis l’arrêt part, dans l’ordre."),
        do=service.resume,
        then=_resumed,
    ),
    EndpointAct(
        name="replay",
        path="rejouer/",
        title=gettext_lazy("Envoyer à nouveau"),
        words=gettext_lazy(
            "Les événements annoncés depuis ce moment repartent, dans l’ordre et sous le même identifiant."
        ),
        form=ReplayForm,
        do=service.replay,
        then=_replayed,
    ),
    EndpointAct(
        name="pass_over",
        path="passer/",
        title=gettext_lazy("Passer cet événement"),
        words=gettext_lazy(
            "L’événement que le destinataire ne prend pas ne lui est plus envoyé. Les suivants partent."
        ),
        danger=True,
        form=PassOverForm,
        begins_with=lambda endpoint: {"position": getattr(blocking(endpoint), "position", None)},
        do=service.pass_over,
        then=_back_saying(gettext_lazy("Événement passé : les suivants partent.")),
    ),
    EndpointAct(
        name="make_secret",
        path="secret/",
        title=gettext_lazy("Créer un nouveau secret"),
        words=gettext_lazy(
            "Chaque envoi est signé par le nouveau secret et par l’actuel, jusqu’à ce que vous retiriez celui-ci."
        ),
        form=SecretsForm,
        begins_with=lambda endpoint: {"secrets_seen": endpoint.secrets_mark},
        do=service.make_secret,
        then=lambda request, endpoint, changed: _secret(request, changed),
    ),
    EndpointAct(
        name="remove_former_secret",
        path="ancien-secret/",
        title=gettext_lazy("Retirer l’ancien secret"),
        words=gettext_lazy("Seul le nouveau secret signe. Le destinataire doit déjà l’avoir."),
        danger=True,
        form=SecretsForm,
        begins_with=lambda endpoint: {"secrets_seen": endpoint.secrets_mark},
        do=service.remove_former_secret,
        then=_back_saying(gettext_lazy("Ancien secret retiré.")),
    ),
    EndpointAct(
        name="remove",
        path="suppression/",
        title=gettext_lazy("Supprimer"),
        words=gettext_lazy(
            "Plus rien ne lui est envoyé, et ses secrets sont détruits. Cela ne se défait pas."
        ),
        danger=True,
        do=service.remove,
        then=_removed,
    ),
]
