"""Find a member, or a sending by its receipt."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.selectors.search import answer

NEAR = "near"  # in the address: other spellings of the name
LONGEST = 120


@allowed_to(Act.FIND)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """One box for a number, a telephone, names, an e-mail address, a birth date, a NIR, a receipt. One hit opens by itself.

    The box posts, because proxies log URLs, and a NIR or an address must not be in one. Names lead to a page with an address,
    so that the agent can come back to it.
    """
    asked = request.POST if request.method == "POST" else request.GET
    query, near = asked.get("q", "").strip()[:LONGEST], NEAR in asked
    if request.method == "POST" and query and not re.search(r"[\d@]", query):
        address = {"q": query} | ({NEAR: "1"} if near else {})
        return redirect(f"{reverse('desk:search')}?{urlencode(address)}")
    found = answer(query, near=near)
    if found.only_member:
        member, why = found.only_member
        if why:
            messages.info(request, f"{why}.")
        return redirect("desk:member", member.pk)
    if found.only_document:
        return redirect("desk:document", found.only_document.pk)
    context = {"may": acts_of(account_of(request)), "query": query, "found": found, "near": NEAR}
    return render(request, "desk/search.html", context)
