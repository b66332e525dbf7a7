"""The insurer's papers, into a member's vault."""

import hashlib
import json
from dataclasses import replace
from typing import Annotated, Any

import pydantic
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import StopUpload
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import Path
from ninja.responses import Status
from pydantic import BaseModel, ConfigDict, Field

from adherents.api import selectors
from adherents.api.converters import NUMBER
from adherents.api.decorators import LOCATED, MULTIPART, Routes, caller_of, look_at
from adherents.api.problems import Problem, Refused, invalid
from adherents.api.resources.documents import DocumentResource, document_resource
from adherents.api.scopes import Scope
from adherents.api.views.found import member_or_refused
from adherents.insurer.profile import profile
from adherents.members.models import Beneficiary, Member
from adherents.vault.names import clean_name
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.from_insurer import deposit_arrived
from adherents.vault.services.receiving import RefusedFile, UploadBatch
from adherents.vault.uploads.handlers import SealingUploadHandler

routes = Routes("documents")
BODY = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["file", "kind"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "one file"},
                    "kind": {"type": "string", "maxLength": 40, "description": "a code of the profile"},
                    "beneficiary_rank": {"type": "integer", "minimum": 1, "maximum": 99},
                    "name": {"type": "string", "minLength": 1, "maxLength": 200},
                },
            }
        }
    },
}


class DepositFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, Field(max_length=40)]
    beneficiary_rank: Annotated[int, Field(ge=1, le=99)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


def _received(request: HttpRequest) -> str:
    """Read the form: its file is sealed while it arrives. What was sent, in short: the same file in another form is the same."""
    intake = UploadBatch()
    request.intake = intake  # type: ignore[attr-defined]
    handler = SealingUploadHandler(request, intake)
    request.upload_handlers = [handler]
    try:
        fields = {name: request.POST.getlist(name) for name in sorted(request.POST)}
    except (MultiPartParserError, SuspiciousOperation, StopUpload) as error:
        raise Refused(Problem.BAD_REQUEST) from error
    request.named = handler.named  # type: ignore[attr-defined]
    files = [[file.name, file.sealed.sha256] for file in intake.arrived]
    refused = [[file.name, file.reason.value] for file in intake.refused]
    return hashlib.sha256(json.dumps([fields, files, refused]).encode()).hexdigest()


def _drop(request: HttpRequest) -> None:
    """What no row owns leaves nothing."""
    intake: UploadBatch | None = getattr(request, "intake", None)
    if intake is not None:
        intake.drop_the_rest()


@routes.add(
    "POST",
    f"members/{{{NUMBER}:number}}/documents",
    scope=Scope.DOCUMENTS_DEPOSIT,
    name="documents.deposit",
    response={201: DocumentResource},
    refuses=[Problem.FILE_REFUSED],
    media_type=MULTIPART,
    reads_itself=True,
    digest=_received,
    afterwards=_drop,
    extra={"x-body": BODY} | LOCATED,
)
def deposit(
    request: HttpRequest, response: HttpResponse, number: Annotated[str, Path(max_length=80)]
) -> Status[DocumentResource]:
    """Put a paper of yours in a member's vault: `file`, `kind`, `beneficiary_rank`, `name`. The member is told by mail.

    It is sealed, scanned and drawn as every document.
    """
    member = member_or_refused(number)
    fields = _fields(request)
    if fields.kind not in {kind.code for kind in profile().documents.kinds}:
        raise invalid("kind", "unknown")
    beneficiary = _beneficiary(member, fields.beneficiary_rank)
    intake: UploadBatch = request.intake  # type: ignore[attr-defined]
    for name in request.named:  # type: ignore[attr-defined]
        if name != "file":
            raise invalid(name[:40], "extra_forbidden")
    for refused in intake.refused:
        raise _file_refused(refused)
    if len(intake.arrived) != 1:
        raise invalid("file", "exactly_one")
    [arrived] = intake.take()
    if fields.name:
        arrived = replace(arrived, name=clean_name(fields.name))
    made = deposit_arrived(
        member=member,
        kind=fields.kind,
        arrived=arrived,
        actor=caller_of(request).actor,
        beneficiary=beneficiary,
    )
    look_at(request, made.pk)
    response["Location"] = f"/api/v1/documents/{made.pk}"
    return Status(201, document_resource(selectors.documents().get(pk=made.pk), {}))


def _fields(request: HttpRequest) -> DepositFields:
    given: dict[str, Any] = request.POST.dict()
    for name in given:
        if len(request.POST.getlist(name)) > 1:
            raise invalid(name[:40], "exactly_one")
    try:
        return DepositFields.model_validate(given)
    except pydantic.ValidationError as error:
        faults = [
            {
                "in": "body",
                "at": "/".join(map(str, fault["loc"])),
                "code": fault["type"],
                "message": fault["msg"],
            }
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise Refused(Problem.INVALID, more={"errors": faults}) from error


def _beneficiary(member: Member, rank: int | None) -> Beneficiary | None:
    if rank is None:
        return None
    found: Beneficiary | None = Beneficiary.objects.filter(member=member, rank=rank).first()
    if found is None:
        raise invalid("beneficiary_rank", "unknown")
    return found


def _file_refused(refused: RefusedFile) -> Refused:
    if refused.reason == FileRefusal.TOO_LARGE:
        return Refused(Problem.TOO_LARGE, f"A file has {profile().documents.max_file_mb} MiB at most.")
    return Refused(Problem.FILE_REFUSED, more={"reason": refused.reason.value})
