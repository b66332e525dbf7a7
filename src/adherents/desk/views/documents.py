"""All documents of a member, by pages, narrowed by kind, person, state and year."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.forms import DocumentsForm
from adherents.desk.services import consulting
from adherents.desk.views.member_record import member_or_404
from adherents.members.models import Beneficiary
from adherents.vault.models import Document
from adherents.vault.selectors.listing import count_documents, narrowed_to

PAGE_LENGTH = 40


@allowed_to(Act.CONSULT)
@require_safe
def documents_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest first. It is a look at the member's record."""
    agent, member = account_of(request), member_or_404(pk)
    if request.method != "HEAD":
        consulting.consult(agent=agent, member=member)
    counts = count_documents(member)
    form = DocumentsForm(request.GET, counts=counts, covered=list(Beneficiary.objects.of(member)))
    kept = Document.objects.every_one_of(member).kept().with_what_is_shown()
    context = {
        "may": acts_of(agent),
        "member": member,
        "form": form,
        "counts": counts,
        "page": Paginator(narrowed_to(kept, form.asked), PAGE_LENGTH).get_page(request.GET.get("page")),
    }
    return render(request, "desk/documents_page.html", context)
