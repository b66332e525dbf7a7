"""The journal, for those who control: events, moments and plain identifiers, never a person's data."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.database.reader import listed
from adherents.desk.forms import JournalFilterForm
from adherents.desk.selectors import member_record
from adherents.journal.events import Event
from adherents.journal.models import Entry

A_PAGE = 50


@allowed_to(Act.READ_JOURNAL)
@require_safe
def journal(request: HttpRequest) -> HttpResponse:
    """Newest first, fifty at a time, by key: as fast at the end as at the beginning."""
    form = JournalFilterForm(request.GET or None, events=list(Event.choices))
    wanted = form.cleaned_data if form.is_valid() else {}
    chosen = {name: wanted[name].strip() for name in ("event", "subject", "actor") if wanted.get(name)}
    entries = Entry.objects.filter(**chosen).order_by("-pk")
    if wanted.get("before"):
        entries = entries.filter(pk__lt=wanted["before"])
    shown = listed(entries[: A_PAGE + 1])
    older = urlencode(chosen | {"before": shown[A_PAGE - 1].pk}) if len(shown) > A_PAGE else ""
    reader = account_of(request)
    context = {
        "may": acts_of(reader),
        "form": form,
        "lines": member_record.journal_lines(shown[:A_PAGE], reader=reader),
        "older": older,
        "newest": urlencode(chosen) if wanted.get("before") else None,
    }
    return render(request, "desk/journal.html", context)
