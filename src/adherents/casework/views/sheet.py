"""« Fiche de décision »: one page of paper that says what was decided, for a file that is still on paper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.casework import selectors
from adherents.casework.models import Decision
from adherents.desk.services import consulting
from adherents.desk.views.document import document_or_404


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def decision_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Of a decision that its member was told and that stands. It is a look at the member's record."""
    told = Decision.objects.standing().filter(settled_at__isnull=False)
    decision = get_object_or_404(told.select_related("item", "agent"), pk=pk)
    document = document_or_404(decision.item.about.pk)
    agent = account_of(request)
    if request.method != "HEAD":
        consulting.consult(agent=agent, member=document.member)
    context = {
        "may": acts_of(agent),
        "decision": decision,
        "document": document,
        "member": document.member,
        "reason": selectors.reasons_label(decision),
        "english_words": decision.words("en") if document.member.mail_to[1] == "en" else "",
        "now": timezone.now(),
    }
    return render(request, "casework/sheet.html", context)
