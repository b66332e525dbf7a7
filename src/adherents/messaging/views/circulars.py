"""« Écrire à plusieurs »: a list of numbers and a message, checked and shown before anything leaves, then undone or followed."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services.acts import ActRefused
from adherents.insurer.profile import profile
from adherents.messaging.forms import CircularForm, ConfirmForm
from adherents.messaging.models import Circular
from adherents.messaging.selectors import circulars, copies_of, recipients, state_of
from adherents.messaging.services import circulars as service
from adherents.messaging.services.circulars import CircularRefused

A_PAGE = 100


@allowed_to(Act.WRITE_TO_MANY)
@require_http_methods(["GET", "HEAD", "POST"])
def circulars_page(request: HttpRequest) -> HttpResponse:
    """What is written and to whom; posting it shows who would read what, and posting that with their number sends it."""
    form = CircularForm(request.POST if request.method == "POST" else None)
    if "change" in request.POST:
        form = CircularForm(initial={name: request.POST.get(name, "") for name in form.fields})
    elif form.is_valid():
        return _checked(request, form)
    return _page(request, form)


def _page(request: HttpRequest, form: CircularForm) -> HttpResponse:
    context = {
        "may": acts_of(account_of(request)),
        "form": form,
        "circulars": circulars(),
        "most": profile().messages.many_at_most,
    }
    return render(request, "messaging/agent/circulars.html", context)


def _checked(request: HttpRequest, form: CircularForm) -> HttpResponse:
    """The preview; or, with the right number, on its way."""
    meant = recipients(form.cleaned_data["numbers"])
    if meant.count > profile().messages.many_at_most:
        form.add_error("numbers", str(service.TooMany.message))
        return _page(request, form)
    confirm = ConfirmForm(request.POST if "send" in request.POST else None)
    if "send" in request.POST and confirm.is_valid():
        try:
            written = service.write_circular(
                agent=account_of(request), **form.cleaned_data, **confirm.cleaned_data
            )
        except ActRefused as error:
            raise PermissionDenied from error
        except CircularRefused as refusal:
            confirm.add_error("confirmed", str(refusal.message))
        else:
            return redirect("messaging:circular", written.pk)
    context = {
        "may": acts_of(account_of(request)),
        "written": form,
        "numbers": "\n".join(form.cleaned_data["numbers"]),
        "recipients": meant,
        "form": confirm,
        "undo_seconds": int(service.undo_time().total_seconds()),
    }
    return render(request, "messaging/agent/circular_preview.html", context)


@allowed_to(Act.WRITE_TO_MANY)
@require_safe
def circular_page(request: HttpRequest, circular_id: uuid.UUID) -> HttpResponse:
    """How far it is, what it says, and each member's conversation."""
    circular = get_object_or_404(Circular.objects.select_related("agent"), pk=circular_id)
    context = {
        "may": acts_of(account_of(request)),
        "circular": circular,
        "state": state_of(circular),
        "page": Paginator(copies_of(circular), A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "messaging/agent/circular.html", context)


@allowed_to(Act.WRITE_TO_MANY)
@require_POST
def undo(request: HttpRequest, circular_id: uuid.UUID) -> HttpResponse:
    shown = get_object_or_404(Circular, pk=circular_id)
    try:
        service.undo_circular(agent=account_of(request), circular_id=shown.pk)
    except ActRefused as error:
        raise PermissionDenied from error
    except CircularRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Message annulé : personne ne l’a reçu."))
    return redirect("messaging:circular", shown.pk)
