"""The member's documents: the list, sending, the receipt, one document, and its download."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import member_required
from adherents.accounts.next_page import gives_a_file
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import Altered
from adherents.telemetry.outages import RETRY_AFTER
from adherents.vault.forms import FindForm
from adherents.vault.models import Deposit, Document, State
from adherents.vault.names import attachment_header
from adherents.vault.origins import Origin
from adherents.vault.refusals import FileRefusal
from adherents.vault.replies import add_replies, reopened
from adherents.vault.sections import sections_of
from adherents.vault.selectors.cards import cards_of
from adherents.vault.selectors.history import entries_of, history_of
from adherents.vault.selectors.search import sent_before
from adherents.vault.selectors.timeline import promise_now, promised_of, steps_of, what_next
from adherents.vault.services import reading
from adherents.vault.services.receiving import RefusedFile
from adherents.vault.services.viewing import NoSuchPage, thumbnail_image

PAGE_LENGTH = 20


@member_required
@require_safe
def documents(request: HttpRequest, origin: str = Origin.MEMBER) -> HttpResponse:
    """« Mes documents », or « Documents de votre mutuelle », newest first; narrowed by the form above them."""
    member = acting_of(request, May.READ).file
    form = FindForm(request.GET)
    everything = Document.objects.of(member).filter(origin=origin).with_what_a_card_shows()
    page = Paginator(form.narrow(everything.with_answers()), PAGE_LENGTH).get_page(request.GET.get("page"))
    add_replies(page.object_list)
    insurers = Document.objects.filter(member=member, origin=Origin.INSURER)
    context = {
        "page": page,
        "cards": cards_of(page),
        "form": form,
        "from_insurer": origin == Origin.INSURER,
        "has_insurers": origin == Origin.INSURER or insurers.exists(),
    }
    return render(request, "vault/documents.html", context)


@member_required
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """« C’est bien arrivé »."""
    deposit = get_object_or_404(Deposit.objects.of(acting_of(request, May.READ).file), number=number)
    files = deposit.sent.select_related("beneficiary", "answers")
    documents = list(files.defer("wrapped_key", "answers__wrapped_key").order_by("rank"))
    if documents[0].is_from_insurer:
        return redirect("vault:document", documents[0].pk)
    earlier = sent_before(documents)
    for document in documents:
        document.sent_before = earlier.get(document.pk)
    refused = [RefusedFile(file["name"], FileRefusal(file["reason"])) for file in deposit.refused]
    waiting = promised_of(deposit, documents)
    promised = waiting[0] if waiting else None
    if promised is not None and promised.state == State.IN_PROGRESS:
        promised.reopened = reopened(promised.pk)
    context = {
        "deposit": deposit,
        "documents": documents,
        "first": documents[0],
        "refused": refused,
        "promised": promised,
        "waiting": len(waiting),
        "promise_now": promise_now(promised) if promised else "",
    }
    return render(request, "vault/receipt.html", context)


@member_required
@require_safe
def document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """One document: what it is, where it is, and what happened to it."""
    own = Document.objects.of(acting_of(request, May.READ).file).with_what_is_shown().with_answers()
    related = own.select_related("answers", "part_of", "joined_into")
    related = related.defer("answers__wrapped_key", "part_of__wrapped_key", "joined_into__wrapped_key")
    shown = get_object_or_404(related, pk=document_id)
    shown.sent_before = sent_before([shown]).get(shown.pk)
    add_replies([shown])
    shown.reopened = reopened(shown.pk) if shown.state == State.IN_PROGRESS else None
    entries = entries_of(shown)
    context = {
        "document": shown,
        "steps": steps_of(shown, entries),
        "next": what_next(shown),
        "history": history_of(shown, entries),
        "parts": _parts_of(shown),
        "joined": _joined_in(shown),
        "sections": sections_of(shown),
    }
    return render(request, "vault/document.html", context)


def _parts_of(document: Document) -> list[Document]:
    """What it was split into, in the order of its pages."""
    if document.split_at is None:
        return []
    return list(document.parts.select_related("beneficiary").defer("wrapped_key").order_by("first_page"))


def _joined_in(document: Document) -> list[Document]:
    """What an agent made it of, in the order of its pages."""
    if not document.joined_count:
        return []
    return list(document.joined_from.defer("wrapped_key").order_by("joined_rank"))


@member_required
@gives_a_file
@require_safe
def thumbnail(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    """The first page of a member's own document, small. 204 while it is not drawn: a page that waits for it may ask again."""
    own = Document.objects.of(acting_of(request, May.READ).file).kept().defer("wrapped_key")
    shown = get_object_or_404(own, pk=document_id)
    if not shown.has_pages:
        return HttpResponse(status=204)
    if request.method == "HEAD":
        return HttpResponse(content_type="image/jpeg")
    try:
        image = thumbnail_image(shown)
    except (NoSuchPage, Altered) as error:
        raise Http404 from error
    return HttpResponse(image, content_type="image/jpeg")


@member_required
@gives_a_file
@require_safe
def download(request: HttpRequest, document_id: uuid.UUID, photo: int | None = None) -> HttpResponseBase:
    """A member's own document, or a photo of it, as it was sent. Never opened in the page, whatever is in it.

    Whole, whatever range is asked for: it is checked to its last byte first. HEAD opens nothing, and is no consultation.
    """
    which: dict[str, Any] = {
        "acting": acting_of(request, May.READ),
        "document_id": document_id,
        "photo": photo,
    }
    chunks: Iterable[bytes] = ()
    try:
        if request.method == "HEAD":
            _, file = reading.find(**which)
        else:
            opened = reading.download(**which)
            file, chunks = opened.file, opened.chunks
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except reading.NotOneFile:
        return redirect("vault:document", document_id)
    except reading.NotGathered:
        return render(request, "vault/not_gathered.html", {"document_id": document_id}, status=409)
    except reading.Gone:
        return render(request, "vault/gone.html", {"document_id": document_id}, status=410)
    except reading.Dangerous:
        return render(request, "vault/dangerous.html", {"document_id": document_id}, status=403)
    except Altered:
        return render(request, "vault/altered.html", {"document_id": document_id}, status=500)
    except StorageFailed:
        away = render(request, "vault/away.html", {"document_id": document_id}, status=503)
        away["Retry-After"] = str(RETRY_AFTER)
        return away
    response = StreamingHttpResponse(chunks, content_type=file.content_type)
    response["Content-Length"] = str(file.size)
    response["Content-Disposition"] = attachment_header(file.name)
    response["Accept-Ranges"] = "none"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
