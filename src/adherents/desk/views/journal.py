"""The journal, for those who control: events, moments and plain identifiers, never a person's data."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services.acts import ActRefused
from adherents.desk.journal_forms import JournalFilterForm
from adherents.desk.selectors import journal as meant
from adherents.desk.selectors import member_record
from adherents.desk.services.exporting_journal import export_journal
from adherents.insurer.calendar import beginning_of
from adherents.journal.events import Event
from adherents.journal.selectors import EntryPage, Match, Wanted, find, place_of
from adherents.ui import spreadsheet
from adherents.vault.names import attachment_header

A_PAGE = 50


@allowed_to(Act.READ_JOURNAL)
@require_http_methods(["GET", "HEAD", "POST"])
def journal(request: HttpRequest) -> HttpResponse:
    """Newest first, fifty at a time, by key: as fast at the end as at the beginning.

    The form posts, because proxies log addresses: the page's own has plain identifiers only.
    """
    asked = request.POST if request.method == "POST" else request.GET
    form = JournalFilterForm(asked or None, events=list(Event.choices))
    if request.method == "POST" and form.is_valid():
        query = urlencode(form.address)
        return redirect(f"{reverse('desk:journal')}{'?' if query else ''}{query}")
    chosen = _chosen(form)
    after = place_of(form.cleaned_data["before"]) if chosen.form_is_right and form.value("before") else None
    found = (
        find(chosen.wanted, after=after, limit=A_PAGE) if chosen.form_is_right else EntryPage([], None, True)
    )
    reader = account_of(request)
    context = {
        "may": acts_of(reader),
        "form": form,
        "lines": member_record.journal_lines(found.entries, reader=reader),
        "found": found,
        "older": urlencode(chosen.asked | {"before": found.next.pk}) if found.next else "",
        "newest": urlencode(chosen.asked) if after else None,
        "names": meant.names_of(form.actors),
        "asked": chosen.asked,
        "may_export": Act.EXPORT_JOURNAL in acts_of(reader) and chosen.form_is_right,
    }
    return render(request, "desk/journal.html", context)


@allowed_to(Act.EXPORT_JOURNAL)
@gives_a_file
@require_POST
def journal_csv(request: HttpRequest) -> HttpResponseBase:
    """All that the filters leave, as a file for a spreadsheet; each row is read as it leaves."""
    chosen = _chosen(JournalFilterForm(request.POST, events=list(Event.choices)))
    if not chosen.form_is_right:
        return redirect("desk:journal")
    try:
        lines = export_journal(agent=account_of(request), wanted=chosen.wanted, asked=chosen.asked)
    except ActRefused as error:
        raise PermissionDenied from error
    return StreamingHttpResponse(
        (line.encode() for line in lines),
        content_type=spreadsheet.CONTENT_TYPE,
        headers={"Content-Disposition": attachment_header(meant.file_name()), "Cache-Control": "no-store"},
    )


@dataclass(frozen=True)
class Chosen:
    """What a form of filters asks for; `asked`: as an address says it."""

    wanted: Wanted
    asked: dict[str, str]
    form_is_right: bool


def _chosen(form: JournalFilterForm) -> Chosen:
    if form.is_bound and not form.is_valid():
        return Chosen(Wanted(), {}, form_is_right=False)
    asked = form.address
    filters: list[tuple[Match, ...]] = []
    if event := asked.get("event"):
        filters.append((("event", event),))
    if form.actors:
        filters.append(meant.actor_matches(form.actors))
    if form.subjects:
        filters.append(meant.subject_matches(form.subjects))
    since, until = form.day("since"), form.day("until")
    wanted = Wanted(
        tuple(filters),
        since=beginning_of(since) if since else None,
        until=beginning_of(until + timedelta(days=1)) if until else None,
    )
    return Chosen(wanted, asked, form_is_right=True)
