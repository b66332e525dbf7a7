"""A document on the agent's screen: its pages as pixels, never the original."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of
from adherents.casework.permissions import Act, allowed_to
from adherents.casework.services import consulting
from adherents.casework.views.member import file_context
from adherents.vault.models import Document
from adherents.vault.objects import StorageFailed
from adherents.vault.services.reading import Altered
from adherents.vault.services.viewing import NoSuchPage, page_image

ZOOMS = ["page", "100", "150", "200"]  # the width of the page, in percents of the pane; "page": seen whole


def _document(document_id: uuid.UUID) -> Document:
    documents = Document.objects.kept().select_related("member__account", "deposit", "beneficiary")
    document: Document = get_object_or_404(documents.defer("wrapped_key"), pk=document_id)
    return document


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def document_page(request: HttpRequest, document_id: uuid.UUID, number: int = 1) -> HttpResponse:
    """Page `number` between the list of documents and the member's file."""
    document = _document(document_id)
    count = document.page_count or 0
    if number < 1 or number > max(count, 1):
        raise Http404
    consulting.open_document(agent=account_of(request), document=document)
    zoom = request.GET.get("zoom", "")
    zoom = zoom if zoom in ZOOMS else ZOOMS[0]
    context = file_context(request, document.member) | {
        "document": document,
        "number": number,
        "previous": number - 1,
        "next": number + 1,
        "count": count,
        "zoom": zoom,
        "zooms": _zooms(zoom),
        "set_aside_words": _(
            "Aucune de ses pages ne peut être montrée. L’original reste gardé, tel que reçu."
        ),
    }
    return render(request, "casework/document.html", context)


def _zooms(current: str) -> list[dict[str, str]]:
    """The zooms to choose from; « + » and « - » press the neighbours of the current one."""
    place = ZOOMS.index(current)
    keys = {place + 1: "+", place - 1: "-"}
    return [{"name": name, "key": keys.get(at, "")} for at, name in enumerate(ZOOMS)]


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def document_image(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponse:
    """The pixels themselves. Asked for alone, it is an opening too."""
    document = _document(document_id)
    try:
        image = page_image(document, number)
    except (NoSuchPage, Altered, StorageFailed) as error:
        raise Http404 from error
    consulting.open_document(agent=account_of(request), document=document)
    return HttpResponse(image, content_type="image/jpeg")
