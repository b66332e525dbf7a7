"""What a member does with what is kept: take a document back, take everything away as a zip."""

import uuid

from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import member_required
from adherents.accounts.next_page import gives_files
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.vault.models import Document, GatheredPhoto
from adherents.vault.names import attachment_header
from adherents.vault.services import erasing
from adherents.vault.services.exporting import Export, export_everything


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """« Reprendre ce document »: asked once more, then destroyed."""
    acting = acting_of(request, May.TAKE_BACK)
    if request.method == "POST":
        try:
            erasing.take_back(acting=acting, document_id=document_id)
        except Document.DoesNotExist as error:
            raise Http404 from error
        except erasing.TooLateToTakeBack:
            return render(request, "vault/too_late.html", {"document_id": document_id}, status=409)
        return redirect("vault:document", document_id)
    document = get_object_or_404(Document.objects.of(acting.file).with_what_is_shown(), pk=document_id)
    if not document.can_be_taken_back:
        return render(request, "vault/too_late.html", {"document_id": document_id}, status=409)
    return render(request, "vault/take_back.html", {"document": document})


@member_required
@gives_files
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """« Tout télécharger »: what it will hold, then the zip."""
    acting = acting_of(request, May.EXPORT)
    if request.method != "POST":
        kept = Document.objects.of(acting.file).filter(part_of=None, joined_count=0).kept().order_by()
        held = kept.aggregate(count=Count("pk"), octets=Sum("size"))
        photos = GatheredPhoto.objects.filter(document__in=kept).aggregate(octets=Sum("size"))
        octets = (held["octets"] or 0) + (photos["octets"] or 0)
        return render(request, "vault/export.html", {"count": held["count"], "octets": octets})
    return zip_response(export_everything(member=acting.file, actor=acting.actor))


def zip_response(zipped: Export) -> StreamingHttpResponse:
    """An export on its way to a browser, which saves it and shows nothing of it."""
    return StreamingHttpResponse(
        zipped.chunks,
        content_type="application/zip",
        headers={
            "Content-Disposition": attachment_header(zipped.name),
            "Accept-Ranges": "none",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
