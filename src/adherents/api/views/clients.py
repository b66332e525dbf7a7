"""The insurer's systems, for the administrateur: who may call, new keys, suspending. A key is shown once, in the answer."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.api.forms import ClientForm, ClientReasonForm
from adherents.api.models import ApiClient
from adherents.api.services import clients as service
from adherents.desk.reason_drafts import reason_draft


def _client_or_404(pk: int) -> ApiClient:
    found: ApiClient = get_object_or_404(ApiClient.objects.select_related("account"), pk=pk)
    return found


@allowed_to(Act.MANAGE_CLIENTS)
@require_safe
def clients(request: HttpRequest) -> HttpResponse:
    """Which systems may call, what each may do, and when it last did."""
    context = {"may": acts_of(account_of(request)), "clients": ApiClient.objects.prefetch_related("keys")}
    return render(request, "api/clients.html", context)


@allowed_to(Act.MANAGE_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_client(request: HttpRequest) -> HttpResponse:
    """A new system, and its key, shown this once."""
    by = account_of(request)
    draft = reason_draft(request, ClientForm)
    form = ClientForm(request.POST if request.method == "POST" else None, initial=draft.begin())
    if form.is_valid():
        try:
            client, key = service.create_client(actor=by.actor, **form.cleaned_data)
        except service.ClientRefused as refusal:
            form.add_error(refusal.refused_at, str(refusal.message))
        else:
            draft.done()
            return _show_key(request, client, key)
    context = {"may": acts_of(by), "form": form, "draft": draft}
    return render(request, "api/new_client.html", context)


@allowed_to(Act.MANAGE_CLIENTS)
@require_safe
def client_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _client_or_404(pk))


def _page(request: HttpRequest, client: ApiClient) -> HttpResponse:
    context = {
        "may": acts_of(account_of(request)),
        "client": client,
        "keys": list(client.keys.order_by("-created_at")),
    }
    return render(request, "api/client.html", context)


def _show_key(request: HttpRequest, client: ApiClient, key: str) -> HttpResponse:
    context = {"may": acts_of(account_of(request)), "client": client, "key": key}
    return render(request, "api/new_key.html", context)


@allowed_to(Act.MANAGE_CLIENTS)
@require_POST
def new_key(request: HttpRequest, pk: int) -> HttpResponse:
    """A second key, so that the system changes from one to the other without a cut."""
    client = _client_or_404(pk)
    try:
        key = service.rotate_key(client=client, actor=account_of(request).actor)
    except service.ClientRefused as refusal:
        messages.error(request, str(refusal.message))
        return redirect("api:client", pk)
    return _show_key(request, client, key)


@allowed_to(Act.MANAGE_CLIENTS)
@require_POST
def end_key(request: HttpRequest, pk: int) -> HttpResponse:
    client = _client_or_404(pk)
    service.end_key(client=client, key_id=request.POST.get("key", ""), actor=account_of(request).actor)
    messages.success(request, _("Clé retirée : elle n’ouvre plus rien."))
    return redirect("api:client", pk)


@allowed_to(Act.MANAGE_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend this system, and say why."""
    return _stop_or_go(request, _client_or_404(pk), service.suspend, template="api/suspend.html")


@allowed_to(Act.MANAGE_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let this system call again, and say why. At another address: two who suspend it at once do not undo each other's act."""
    return _stop_or_go(request, _client_or_404(pk), service.resume, template="api/resume.html")


def _stop_or_go(
    request: HttpRequest, client: ApiClient, act: Callable[..., None], *, template: str
) -> HttpResponse:
    by = account_of(request)
    draft = reason_draft(request, ClientReasonForm, client.pk)
    form: forms.Form = ClientReasonForm(
        request.POST if request.method == "POST" else None, initial=draft.begin()
    )
    if form.is_valid():
        try:
            act(client=client, actor=by.actor, **form.cleaned_data)
        except service.ClientRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            return redirect("api:client", client.pk)
    context: dict[str, Any] = {"may": acts_of(by), "client": client, "form": form, "draft": draft}
    return render(request, template, context)
