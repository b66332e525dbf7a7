"""What an agent says of a value that was read on a document."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import is_an_agents_page
from adherents.accounts.permissions import Act
from adherents.desk.views.document import document_or_404
from adherents.reading.services import judging


@allowed_to(Act.TREAT)
@require_POST
def judge(request: HttpRequest, document_id: uuid.UUID, pk: int) -> HttpResponse:
    """« Juste » or « Faux », and back to the page that the agent reads."""
    document_or_404(document_id)
    try:
        judging.judge_value(
            agent=account_of(request),
            document_id=document_id,
            field_id=pk,
            judgement=request.POST.get("judgement", ""),
        )
    except judging.ValueRefused as refusal:
        messages.error(request, str(refusal.message))
    back = request.POST.get("back", "")
    page = back if is_an_agents_page(back) else reverse("desk:document", args=[document_id])
    return redirect(f"{page}#lu")
