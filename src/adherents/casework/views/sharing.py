"""« Répartition »: who holds what, since when, due today or late; and many items given or released at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.casework import selectors
from adherents.casework.forms import QueueForm, ShareForm
from adherents.casework.listing.selectors import Listed, page_of
from adherents.casework.services import sharing as service
from adherents.casework.services.queue import CannotTreat, NotAvailable
from adherents.casework.services.sharing import Moved
from adherents.casework.sharing.selectors import loads, untreated
from adherents.casework.views.queue import kinds_with_counts, query_without_page


@allowed_to(Act.ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: HttpRequest) -> HttpResponse:
    agent, agents = account_of(request), selectors.who_treat()
    form = ShareForm(request.POST if request.method == "POST" else None, agents=agents)
    if form.is_valid() and _shares(request, agent, form):
        return redirect(request.get_full_path())
    filters = QueueForm(request.GET, kinds=kinds_with_counts(selectors.by_kind()), agents=agents)
    chosen = next((one for one in agents if str(one.pk) == filters.value("agent")), None)
    context = {
        "may": acts_of(agent),
        "form": form,
        "filters_form": filters,
        "is_filtered": any(map(filters.value, filters.fields)),
        "listed": query_without_page(request),
        "page": page_of(Listed(filters.wanted, filters.value("place"), chosen), request.GET.get("page")),
        "loads": loads(agents),
        "untreated": untreated(),
        "ticked": set(request.POST.getlist("item")),
    }
    return render(request, "casework/sharing.html", context)


def _shares(request: HttpRequest, agent: Account, form: ShareForm) -> bool:
    items, to = form.cleaned_data["item"], form.cleaned_data["to"]
    try:
        if form.cleaned_data["act"] == "release":
            done = service.release_many(agent=agent, items=items)
            words = ngettext(
                "%(count)d document revenu à tous.", "%(count)d documents revenus à tous.", done.done
            )
        else:
            done = service.assign_many(agent=agent, items=items, to=to)
            words = ngettext("%(count)d document attribué.", "%(count)d documents attribués.", done.done)
    except (CannotTreat, NotAvailable) as refusal:
        form.add_error("to", str(refusal.message))
        return False
    _say(request, words, done)
    return True


def _say(request: HttpRequest, words: str, done: Moved) -> None:
    if done.done:
        messages.success(request, words % {"count": done.done})
    if done.left:
        left = ngettext(
            "%(count)d n’a pas bougé : il est en main, déjà libre, ou n’attend plus.",
            "%(count)d n’ont pas bougé : ils sont en main, déjà libres, ou n’attendent plus.",
            done.left,
        )
        messages.warning(request, left % {"count": done.left})
