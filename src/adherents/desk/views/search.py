"""Find a member."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.selectors import member_record
from adherents.members.models import FOUND_AT_MOST
from adherents.members.selectors import find


@allowed_to(Act.FIND)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """One box for a number, names, an e-mail address, a birth date, a NIR. One hit opens its record.

    The box posts, because proxies log URLs, and a NIR or an address must not be in one. Names lead to a page with an address,
    so that the agent can come back to it.
    """
    query = request.POST.get("q", request.GET.get("q", "")).strip()[:120]
    if request.method == "POST" and query and not re.search(r"[\d@]", query):
        return redirect(f"{reverse('desk:search')}?{urlencode({'q': query})}")
    matches = find(query) if query else []
    if len(matches) == 1:
        if matches[0].why:
            messages.info(request, matches[0].why + ".")
        return redirect("desk:member", matches[0].member.pk)
    states = member_record.account_states([match.member for match in matches])
    context = {
        "may": acts_of(account_of(request)),
        "query": query,
        "results": [(match.member, states[match.member.pk], match.why) for match in matches],
        "most": FOUND_AT_MOST,
    }
    return render(request, "desk/search.html", context)
