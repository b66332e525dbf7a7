"""The desk itself: find a member, go back to the last ones, see what waits."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of
from adherents.casework import files
from adherents.casework.permissions import Act, acts_of, allowed_to
from adherents.members.finding import find
from adherents.members.models import FOUND_AT_MOST, Member
from adherents.vault.models import Document, State

WAITING_SHOWN = 40


@allowed_to(Act.ENTER)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Where an agent arrives; who may read the journal only goes there."""
    agent = account_of(request)
    may = acts_of(agent)
    if Act.FIND not in may:
        return redirect("casework:journal")
    waiting = Document.objects.filter(state__in=[State.RECEIVED, State.CHECKED]).order_by("at")
    context = {
        "may": may,
        "waiting": waiting.select_related("member")[:WAITING_SHOWN],
        "latest": files.latest_consulted(agent),
        "unreachable": files.counted(Member.objects.unreachable()),
        "failing": files.counted(Member.objects.failing()),
        "counted_at_most": files.COUNTED_AT_MOST,
    }
    return render(request, "casework/desk.html", context)


@allowed_to(Act.FIND)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """One box for a number, names, an e-mail address, a birth date, a NIR. One hit opens its file.

    The box posts: a NIR or an address has no place in a URL, which others log. Names go on to a page of their own, that
    one can come back to.
    """
    query = request.POST.get("q", request.GET.get("q", "")).strip()[:120]
    if request.method == "POST" and query and not re.search(r"[\d@]", query):
        return redirect(f"{reverse('casework:search')}?{urlencode({'q': query})}")
    found = find(query) if query else []
    if len(found) == 1:
        if found[0].why:
            messages.info(request, found[0].why + ".")
        return redirect("casework:member", found[0].member.pk)
    states = files.account_states([one.member for one in found])
    context = {
        "may": acts_of(account_of(request)),
        "query": query,
        "results": [(one.member, states[one.member.pk], one.why) for one in found],
        "most": FOUND_AT_MOST,
    }
    return render(request, "casework/search.html", context)
