"""The tus protocol 1.0.0 for a member's files: https://tus.io/protocols/resumable-upload

Answers are the protocol's. A file that does not enter is told in words too, as JSON: `{"reason", "sentence"}`.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from adherents.accounts.browser import address_of
from adherents.accounts.decorators import answers_head_itself, member_required
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.next_page import takes_files
from adherents.insurer.profile import profile
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.telemetry.outages import RETRY_AFTER
from adherents.vault.models import Upload
from adherents.vault.refusals import FileRefusal
from adherents.vault.services import preparing
from adherents.vault.services.receiving import MEGABYTE
from adherents.vault.services.standing import Closed
from adherents.vault.uploads import services, tus_headers

CHUNK_BYTES = 1 << 16
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STATUS = {FileRefusal.TOO_LARGE: 413, FileRefusal.FORMAT: 415}

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def _tus(view: View[P]) -> View[P]:
    """What every answer has in common: the version, who may ask, and the protocol's refusals."""

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = _answer(member_required(view), request, *args, **kwargs)
        response["Tus-Resumable"] = tus_headers.VERSION
        return response

    return cast(View[P], answered)


def _answer(view: View[P], request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
    override = request.headers.get("X-HTTP-Method-Override")
    if override:
        # Only a POST's token was checked, not that of a request that should change nothing.
        if request.method != "POST":
            return HttpResponse(status=400)
        request.method = override.upper()
    if request.method == "OPTIONS":
        return _capabilities()
    if request.headers.get("Tus-Resumable") != tus_headers.VERSION:
        return HttpResponse(status=412, headers={"Tus-Version": tus_headers.VERSION})
    if not request.user.is_authenticated:
        return _words(
            401, "signed_out", _("Votre session est terminée. Connectez-vous à nouveau pour continuer.")
        )
    try:
        return view(request, *args, **kwargs)
    except tuple(_REFUSALS) as error:
        return _REFUSALS[type(error)](error)


@_tus
def uploads(request: HttpRequest) -> HttpResponseBase:
    """POST announces a file, and is told where to send its bytes."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
    member = acting_of(request, May.SEND).file
    announced = tus_headers.metadata(request.headers.get("Upload-Metadata"))
    length, digest = tus_headers.number(request.headers.get("Upload-Length")), announced.get("sha256", "")
    if digest and not _SHA256.fullmatch(digest):
        raise tus_headers.Malformed
    try:
        hit("deposit", address=address_of(request), identifier=member.number)
    except RateLimited:
        return _words(
            429, "too_often", _("Vous avez fait beaucoup d’envois en peu de temps. Réessayez dans une heure.")
        )
    begun = services.begin_upload(
        member=member,
        name=announced.get("filename", ""),
        length=length,
        sha256=digest,
        sending_id=tus_headers.identifier(announced.get("sending", "")),
    )
    headers = {"Location": reverse("vault:upload", args=[begun.pk]), **_expires(begun.expires_at)}
    return HttpResponse(status=201, headers=headers)


@takes_files
@answers_head_itself
@_tus
def upload(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponseBase:
    """HEAD says how much of a file came, PATCH brings more of it, DELETE takes it back."""
    member = acting_of(request, May.SEND).file
    if request.method == "HEAD":
        at = services.progress(member=member, upload_id=upload_id)
        headers = {
            "Upload-Offset": str(at.offset),
            "Upload-Length": str(at.length),
            "Cache-Control": "no-store",
            **_expires(at.expires_at),
        }
        return HttpResponse(status=200, headers=headers)
    if request.method == "DELETE":
        if not services.exists(member=member, upload_id=upload_id):
            raise Upload.DoesNotExist
        services.drop(member=member, upload_id=upload_id)
        return HttpResponse(status=204)
    if request.method != "PATCH":
        return HttpResponse(status=405, headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"})
    if request.content_type != tus_headers.PART_TYPE:
        return HttpResponse(status=415)
    offset = tus_headers.number(request.headers.get("Upload-Offset"))
    length = tus_headers.number(request.headers.get("Content-Length"))
    at = services.receive(
        member=member, upload_id=upload_id, offset=offset, length=length, chunks=_chunks(request, length)
    )
    return HttpResponse(status=204, headers={"Upload-Offset": str(at.offset), **_expires(at.expires_at)})


def _chunks(request: HttpRequest, length: int) -> Iterator[bytes]:
    """The request's bytes as they come. They end where the connection breaks, or is too slow: that is no error here."""
    left = length
    while left:
        try:
            chunk = request.read(min(left, CHUNK_BYTES))
        except OSError:
            return
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _capabilities() -> HttpResponse:
    most = profile().documents.max_file_mb * MEGABYTE
    headers = {
        "Tus-Version": tus_headers.VERSION,
        "Tus-Extension": tus_headers.EXTENSIONS,
        "Tus-Max-Size": str(most),
    }
    return HttpResponse(status=204, headers=headers)


def _expires(at: datetime | None) -> dict[str, str]:
    return {"Upload-Expires": http_date(at.timestamp())} if at else {}


def _words(status: int, reason: str, sentence: str) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return JsonResponse({"reason": reason, "sentence": sentence}, status=status, headers=headers)


# What each refusal answers to the page's script.
_REFUSALS: dict[type[Exception], Callable[[Any], HttpResponseBase]] = {
    tus_headers.Malformed: lambda _error: HttpResponse(status=400),
    Upload.DoesNotExist: lambda _error: HttpResponse(status=404),
    services.Busy: lambda _error: HttpResponse(status=423, headers={"Retry-After": "2"}),
    services.WrongOffset: lambda error: HttpResponse(
        status=409, headers={"Upload-Offset": str(error.offset)}
    ),
    services.MoreThanAnnounced: lambda _error: HttpResponse(status=400),
    preparing.SentAlready: lambda _error: _words(
        410,
        "sent_already",
        _("Cet envoi est déjà parti, depuis une autre page. Ouvrez « Envoyer un document » à nouveau."),
    ),
    preparing.TooManyOpen: lambda _error: _words(
        409,
        "too_many_open",
        _("Beaucoup d’envois sont commencés et pas terminés. Terminez-en un, ou retirez ses fichiers."),
    ),
    Closed: lambda _error: _words(403, "closed", _("Votre espace est fermé : ce fichier n’a pas été pris.")),
    services.NotKept: lambda _error: _words(503, FileRefusal.NOT_KEPT.value, str(FileRefusal.NOT_KEPT.label)),
    services.NotAccepted: lambda error: _words(
        _STATUS.get(error.reason, 422), error.reason.value, str(error.reason.label)
    ),
}
