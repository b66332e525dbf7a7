"""Conversations found at the desk: by member, kind, state, agent and days. Their words are sealed, and not searched."""

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.insurer.calendar import beginning_of
from adherents.members.models import Member
from adherents.messaging.finding import ThreadsWanted
from adherents.messaging.search_forms import FindThreadsForm
from adherents.messaging.selectors import find


@allowed_to(Act.MESSAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def find_threads(request: HttpRequest) -> HttpResponse:
    """The form posts, because proxies log addresses: the page's own has plain identifiers and days only."""
    asked = request.POST if request.method == "POST" else request.GET
    form = FindThreadsForm(asked or None)
    is_right = form.is_bound and form.is_valid()
    if request.method == "POST" and is_right:
        query = urlencode(form.address)
        return redirect(f"{reverse('messaging:find_threads')}{'?' if query else ''}{query}")
    found, following = find(_wanted(form), after=form.place) if is_right or not form.is_bound else ([], None)
    members = Member.objects.filter(pk__in=form.members).order_by("birth_key", "number")
    if request.method != "POST" and len(members) == 1:
        # As it is typed, not as the address says it.
        form.data = {**asked.dict(), "member": members[0].shown_number}
    older = f"{following.at.isoformat()}_{following.thread}" if following else ""
    context = {
        "may": acts_of(account_of(request)),
        "form": form,
        "found": found,
        "asked": form.address,
        "members": members,
        "older": urlencode(form.address | {"before": older}) if older else "",
        "newest": urlencode(form.address) if form.place else None,
    }
    return render(request, "messaging/agent/find.html", context)


def _wanted(form: FindThreadsForm) -> ThreadsWanted:
    since, until = form.day("since"), form.day("until")
    return ThreadsWanted(
        members=tuple(form.members),
        kind=form.value("kind"),
        state=form.value("state"),
        agent=int(form.value("agent") or 0) or None,
        answered_by=int(form.value("author") or 0) or None,
        since=beginning_of(since) if since else None,
        until=beginning_of(until + timedelta(days=1)) if until else None,
    )
