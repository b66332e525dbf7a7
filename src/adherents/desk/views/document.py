"""A document on the agent's screen: its pages as pixels, never the original."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file, is_an_agents_page
from adherents.accounts.permissions import Act
from adherents.desk.models import Scale, Zoom
from adherents.desk.services import consulting, zooming
from adherents.desk.views.member_record import record_context
from adherents.reading.places import turning
from adherents.storage.reading import Altered
from adherents.vault.models import Document
from adherents.vault.services.viewing import NoSuchPage, page_image, page_thumbnail, pages_of

TURNS = [0, 90, 180, 270]  # degrees, clockwise
TURNED = "turned"  # in an address, once for each page that is turned: `3-90`


def document_or_404(document_id: uuid.UUID) -> Document:
    joined = ("member__account", "deposit", "beneficiary__member", "part_of", "joined_into")
    documents = Document.objects.kept().select_related(*joined)
    document: Document = get_object_or_404(
        documents.defer("wrapped_key", "part_of__wrapped_key", "joined_into__wrapped_key"), pk=document_id
    )
    return document


@allowed_to(Act.OPEN_DOCUMENT)
@require_safe
def document_page(request: HttpRequest, document_id: uuid.UUID, number: int | None = None) -> HttpResponse:
    """A page between the list of documents and the member's record."""
    document = document_or_404(document_id)
    wanted = page_number(request) if number is None else number
    context = record_context(request, document.member) | viewer_context(
        request,
        document,
        wanted,
        here=reverse("desk:document", args=[document_id]),
    )
    return render(request, "desk/document.html", context)


@allowed_to(Act.OPEN_DOCUMENT)
@require_POST
def remember_zoom(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """How large this agent reads this kind of documents, from now on; back to the page that they read."""
    document = document_or_404(document_id)
    try:
        zooming.remember_zoom(
            agent=account_of(request), document=document, scale=request.POST.get("zoom", "")
        )
    except zooming.NoSuchScale as refusal:
        raise Http404 from refusal
    back = request.POST.get("back", "")
    return redirect(back if is_an_agents_page(back) else reverse("desk:document", args=[document_id]))


def page_number(request: HttpRequest) -> int:
    """The page that the address asks for; the first one where it asks for none."""
    text = request.GET.get("page", "")
    return int(text) if text.isdecimal() and len(text) < 5 else 1


def viewer_context(
    request: HttpRequest,
    document: Document,
    number: int,
    *,
    image: str = "desk:image",
    small: str = "desk:small",
    here: str = "",
) -> dict[str, Any]:
    """What `viewer.html` draws: page `number`, as large as the agent reads this kind. It is an opening.

    `image`, `small`: the names of the addresses of a page's pixels, and of its thumbnail. `here`: the address whose query
    says the page; by default, this page's own.
    """
    count = document.page_count or 0
    if number < 1 or number > max(count, 1):
        raise Http404
    agent = account_of(request)
    if request.method != "HEAD":
        consulting.open_document(agent=agent, document=document)
    turns = _turns(request)
    turn = turns.get(number, 0)
    pages = pages_of(document)
    drawn = pages.get(number)
    zoom = Zoom.objects.of(agent, document.kind)
    here = here or request.path

    def place(page: int, turns: dict[int, int] = turns) -> str:
        query = request.GET.copy()
        query["page"] = str(page)
        query.setlist(TURNED, [f"{page}-{turn}" for page, turn in turns.items() if turn])
        return f"{here}?{query.urlencode()}"

    return {
        "document": document,
        "number": number,
        "count": count,
        "previous": place(number - 1) if number > 1 else "",
        "next": place(number + 1) if number < count else "",
        "zoom": zoom,
        "scales": _scales(zoom),
        "back": place(number),
        "here": here,
        "asked": [
            (name, value) for name, values in request.GET.lists() for value in values if name != "page"
        ],
        "turn_address": place(number, turns | {number: TURNS[(TURNS.index(turn) + 1) % len(TURNS)]}),
        "frame": turning(drawn.width, drawn.height, turn) if drawn else None,
        "drawn": drawn,
        "thumbnails": [
            {"number": page, "address": place(page), "image": reverse(small, args=[document.pk, page])}
            for page in (pages if len(pages) > 1 else ())
        ],
        "image": reverse(image, args=[document.pk, number]),
        "set_aside_words": _set_aside_words(document),
    }


def _set_aside_words(document: Document) -> str:
    if document.joined_count:
        return _("L’un des documents réunis est écarté. « Séparer » remet les autres à traiter.")
    return _("Aucune de ses pages ne peut être montrée. L’original reste gardé, tel que reçu.")


def _turns(request: HttpRequest) -> dict[int, int]:
    """By how much each page is turned: a turn counts for its own page only."""
    turns: dict[int, int] = {}
    for asked in request.GET.getlist(TURNED):
        page, _dash, degrees = asked.partition("-")
        if page.isdecimal() and len(page) < 5 and degrees in map(str, TURNS):
            turns[int(page)] = int(degrees)
    return turns


def _scales(current: str) -> list[dict[str, str]]:
    """How large a page can be; « + » and « - » press the neighbours of the current one."""
    place = Scale.values.index(current)
    keys = {place + 1: "+", place - 1: "-"}
    return [
        {"name": name, "label": str(label), "key": keys.get(at, "")}
        for at, (name, label) in enumerate(Scale.choices)
    ]


@allowed_to(Act.OPEN_DOCUMENT)
@gives_a_file
@require_safe
def document_image(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """The pixels themselves. Asked for alone, it is an opening too."""
    return image_response(request, document_id, number)


@allowed_to(Act.OPEN_DOCUMENT)
@gives_a_file
@require_safe
def document_small(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """The page's thumbnail, which is an opening as well."""
    return image_response(request, document_id, number, read=page_thumbnail)


def image_response(
    request: HttpRequest,
    document_id: uuid.UUID,
    number: int,
    *,
    read: Callable[[Document, int], bytes] = page_image,
) -> HttpResponseBase:
    """The response with the pixels. HEAD reads nothing, and is no opening."""
    document = document_or_404(document_id)
    if request.method == "HEAD":
        if number not in pages_of(document):
            raise Http404
        return StreamingHttpResponse((), content_type="image/jpeg")
    try:
        image = read(document, number)
    except (NoSuchPage, Altered) as error:
        raise Http404 from error
    consulting.open_document(agent=account_of(request), document=document)
    return HttpResponse(image, content_type="image/jpeg")
