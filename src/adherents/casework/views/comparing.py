"""Two documents side by side, to be read and nothing else."""

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.casework.models import Decision
from adherents.casework.twins import selectors
from adherents.casework.views.queue import carried
from adherents.desk.services import consulting
from adherents.desk.views.document import document_or_404, page_number
from adherents.vault.models import Document, Page


@dataclass(frozen=True)
class Side:
    """One of the two: its page that is shown (None: it has no such page, or none at all), and what was decided about it."""

    document: Document
    page: Page | None
    decision: Decision | None

    @property
    def image(self) -> str:
        return reverse("desk:image", args=[self.document.pk, self.page.number]) if self.page else ""


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def compare(request: HttpRequest, document_id: uuid.UUID, other_id: uuid.UUID) -> HttpResponse:
    """The same page of both: it is an opening of each, and a look at whose they are."""
    agent, number = account_of(request), page_number(request)
    both = [document_or_404(document_id), document_or_404(other_id)]
    if not selectors.may_be_compared(*both, reader=agent):
        raise Http404
    count = max(document.page_count or 0 for document in both)
    if number < 1 or number > max(count, 1):
        raise Http404
    if request.method != "HEAD":
        for document in both:
            consulting.consult(agent=agent, member=document.member)
            consulting.open_document(agent=agent, document=document)
    pages = Page.objects.filter(document__in=both, document__threat="", number=number)
    shown = {page.document_id: page for page in pages}
    decisions = selectors.decisions_about(both)

    def place(page: int) -> str:
        query = request.GET.copy()
        query["page"] = str(page)
        return f"?{query.urlencode()}"

    context = {
        "may": acts_of(agent),
        "document": both[0],
        "sides": [Side(one, shown.get(one.pk), decisions.get(one.pk)) for one in both],
        "two_members": both[0].member_id != both[1].member_id,
        "number": number,
        "count": count,
        "previous": place(number - 1) if number > 1 else "",
        "next": place(number + 1) if number < count else "",
        "back": _back(request, both[0], agent_may_treat=Act.TREAT in acts_of(agent)),
    }
    return render(request, "casework/twins/compare.html", context)


def _back(request: HttpRequest, document: Document, *, agent_may_treat: bool) -> str:
    """The screen that the agent came from: the document's in the queue, or its page in the record."""
    if agent_may_treat and "treating" in request.GET:
        return reverse("casework:treat", args=[document.pk]) + carried(request)
    return reverse("desk:document", args=[document.pk])
