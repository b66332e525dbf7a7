"""« Vos filtres »: the present filter under a name, and what is kept already."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services.acts import ActRefused
from adherents.casework.forms import SavedFilterForm
from adherents.casework.listing.selectors import Sorting
from adherents.casework.models import SavedFilter
from adherents.casework.services import saving_filters
from adherents.casework.services.saving_filters import FilterRefused
from adherents.casework.views.queue import asked_of, query_to_keep


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_filters(request: HttpRequest) -> HttpResponse:
    """Those that the agent sees, and a name for the one that the address holds."""
    agent = account_of(request)
    query = query_to_keep(asked_of(agent, request.GET).form, Sorting.read(request.GET.get("sort", "")))
    form = SavedFilterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            saving_filters.save_filter(agent=agent, name=form.cleaned_data["name"], query=query)
        except ActRefused as error:
            raise PermissionDenied from error
        except FilterRefused as refusal:
            form.add_error("name", str(refusal.message))
        else:
            messages.success(request, _("Filtre enregistré."))
            return redirect(f"{reverse('casework:queue')}?{query}")
    context = {
        "may": acts_of(agent),
        "form": form,
        "query": query,
        "saved": SavedFilter.objects.shown_to(agent).select_related("account"),
    }
    return render(request, "casework/saved_filters.html", context)


@allowed_to(Act.TREAT)
@require_POST
def remove_filter(request: HttpRequest, pk: int) -> HttpResponse:
    saved = get_object_or_404(SavedFilter.objects.filter(account=account_of(request)), pk=pk)
    return _done(
        request,
        lambda: saving_filters.remove_filter(agent=account_of(request), saved=saved),
        _("Filtre supprimé."),
    )


@allowed_to(Act.SHARE_FILTERS)
@require_POST
def share_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """With all, or with nobody any more (`shared` empty)."""
    agent, shared = account_of(request), bool(request.POST.get("shared"))
    saved = get_object_or_404(SavedFilter.objects.shown_to(agent), pk=pk)
    return _done(
        request,
        lambda: saving_filters.share_filter(agent=agent, saved=saved, shared=shared),
        _("Filtre partagé avec tous.") if shared else _("Filtre qui n’est plus partagé."),
    )


def _done(request: HttpRequest, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except ActRefused as error:
        raise PermissionDenied from error
    except FilterRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, said)
    return redirect("casework:saved_filters")
