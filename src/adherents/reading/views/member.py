import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from adherents.accounts.decorators import member_required
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.reading.models import MemberAnswer
from adherents.reading.services import judging
from adherents.vault.models import Document


@member_required
@require_POST
def answer(request: HttpRequest, document_id: uuid.UUID, pk: int) -> HttpResponse:
    """« Est-ce bien celui-là ? »: yes or no, and back to the document."""
    acting = acting_of(request, May.SEND)
    get_object_or_404(Document.objects.of(acting.file), pk=document_id)
    said = request.POST.get("answer", "")
    try:
        judging.answer_value(acting=acting, document_id=document_id, field_id=pk, answer=said)
    except judging.ValueRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        yes = _("Merci : c’est noté, et le conseiller le verra.")
        no = _("C’est noté : le conseiller le verra. S’il faut un autre document, vous pouvez l’envoyer.")
        messages.success(request, yes if said == MemberAnswer.YES else no)
    return redirect("vault:document", document_id)
