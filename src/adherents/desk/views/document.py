"""A document on the agent's screen: its pages as pixels, never the original."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act
from adherents.desk.services import consulting
from adherents.desk.views.member_record import record_context
from adherents.storage.reading import Altered
from adherents.vault.models import Document, Page
from adherents.vault.services.viewing import NoSuchPage, page_image

ZOOMS = ["page", "100", "150", "200"]  # the width of the page, in percents of the pane; "page": seen whole
TURNS = [0, 90, 180, 270]  # degrees, clockwise


def document_or_404(document_id: uuid.UUID) -> Document:
    documents = Document.objects.kept().select_related("member__account", "deposit", "beneficiary")
    document: Document = get_object_or_404(documents.defer("wrapped_key"), pk=document_id)
    return document


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def document_page(request: HttpRequest, document_id: uuid.UUID, number: int = 1) -> HttpResponse:
    """Page `number` between the list of documents and the member's record."""
    document = document_or_404(document_id)

    def address(number: int, zoom: str, turn: int) -> str:
        place = reverse("desk:page", args=[document_id, number])
        return f"{place}?zoom={zoom}" + (f"&tour={turn}" if turn else "")

    viewer = viewer_context(request, document, number, image="desk:image", address=address)
    context = record_context(request, document.member) | viewer
    return render(request, "desk/document.html", context)


def viewer_context(
    request: HttpRequest,
    document: Document,
    number: int,
    *,
    image: str,
    address: Callable[[int, str, int], str] | None = None,
) -> dict[str, Any]:
    """What `viewer.html` draws: page `number` as the reader wants it. It is an opening.

    `image`: the name of the pixels' address. `address`: of another page, zoom and turn; by default, this page's own with these in
    its query.
    """
    count = document.page_count or 0
    if number < 1 or number > max(count, 1):
        raise Http404
    if request.method != "HEAD":
        consulting.open_document(agent=account_of(request), document=document)
    zoom, turned = request.GET.get("zoom", ""), request.GET.get("tour", "")
    zoom = zoom if zoom in ZOOMS else ZOOMS[0]
    turn = int(turned) if turned in map(str, TURNS) else 0
    drawn = Page.objects.filter(document=document, number=number).first() if turn else None
    to = address or _in_query(request)
    return {
        "document": document,
        "number": number,
        "count": count,
        "previous": to(number - 1, zoom, turn) if number > 1 else "",
        "next": to(number + 1, zoom, turn) if number < count else "",
        "zoom": zoom,
        "zooms": [choice | {"address": to(number, choice["name"], turn)} for choice in _zooms(zoom)],
        "turn_address": to(number, zoom, TURNS[(TURNS.index(turn) + 1) % len(TURNS)]),
        "turned": _turned(drawn, turn) if drawn else None,
        "image": reverse(image, args=[document.pk, number]),
        "set_aside_words": _(
            "Aucune de ses pages ne peut être montrée. L’original reste gardé, tel que reçu."
        ),
    }


def _in_query(request: HttpRequest) -> Callable[[int, str, int], str]:
    def address(number: int, zoom: str, turn: int) -> str:
        query = request.GET.copy()
        for name, value in (("page", number), ("zoom", zoom), ("tour", turn)):
            query[name] = str(value)
        return f"{request.path}?{query.urlencode()}"

    return address


def _zooms(current: str) -> list[dict[str, str]]:
    """The zooms to choose from; « + » and « - » press the neighbours of the current one."""
    place = ZOOMS.index(current)
    keys = {place + 1: "+", place - 1: "-"}
    return [{"name": name, "key": keys.get(at, "")} for at, name in enumerate(ZOOMS)]


def _turned(page: Page, turn: int) -> dict[str, Any]:
    """An SVG frame around the picture: it takes the turned size in the page, which CSS alone does not give."""
    width, height = page.width, page.height
    moves = {90: f"translate({height} 0)", 180: f"translate({width} {height})", 270: f"translate(0 {width})"}
    sides = (width, height) if turn == 180 else (height, width)
    return {
        "width": width,
        "height": height,
        "frame_width": sides[0],
        "frame_height": sides[1],
        "transform": f"{moves[turn]} rotate({turn})",
    }


@allowed_to(Act.OPEN_DOCUMENT)
@gives_a_file
@require_safe
def document_image(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """The pixels themselves. Asked for alone, it is an opening too."""
    return image_response(request, document_id, number)


def image_response(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """The response with the pixels. HEAD reads nothing, and is no opening."""
    document = document_or_404(document_id)
    if request.method == "HEAD":
        get_object_or_404(Page, document=document, document__threat="", number=number)
        return StreamingHttpResponse((), content_type="image/jpeg")
    try:
        image = page_image(document, number)
    except (NoSuchPage, Altered) as error:
        raise Http404 from error
    consulting.open_document(agent=account_of(request), document=document)
    return HttpResponse(image, content_type="image/jpeg")
