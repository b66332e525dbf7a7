"""What is answered, and what `openapi.json` says of it: statuses, headers, and what a problem holds."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from adherents.feed.cursors import Cursor
from adherents.feed.models import Epoch
from adherents.members.models import Beneficiary, Member
from tests.api.systems import BASE, System
from tests.api.test_documents import drawn
from tests.casework.queueing import waiting
from tests.vault.conftest import pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
TOLD = ("ETag", "Location", "Repr-Digest")


def as_described(answer: Any, description: dict[str, Any]) -> Any:
    """The answer, once each thing that a program could rely on in it is in the description."""
    called, method = answer.resolver_match.url_name, answer.request["REQUEST_METHOD"].lower()
    [operation] = [
        methods[method]
        for methods in description["paths"].values()
        if called in [operation["operationId"] for operation in methods.values()]
    ]
    said = operation["responses"].get(str(answer.status_code))
    assert said, (called, answer.status_code, answer.content)
    for name in TOLD:
        assert (name in answer.headers) <= (name in said.get("headers", {})), (called, name)
    if answer.headers.get("Content-Type") == "application/problem+json":
        problem = description["components"]["schemas"]["Problem"]["properties"]
        assert answer.json().keys() <= problem.keys(), called
    return answer


def test_all_that_is_answered_is_described(member: Member) -> None:
    system, description = System(), Client().get(f"{BASE}openapi.json").json()
    document, one = drawn(member), f"members/{member.number}"
    Beneficiary.objects.create(member=member, rank=1, birth_name="Petit", first_names="Lou")
    [item] = waiting(member)

    def call(method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        return as_described(system.call(method, path, headers=headers, **sent), description)

    def deposit(content: bytes) -> Any:
        file = SimpleUploadedFile("carte.pdf", content, "application/pdf")
        form = encode_multipart(BOUNDARY, {"kind": "rib", "file": file})
        answer = system.call("POST", f"{one}/documents", data=form, content_type=MULTIPART_CONTENT)
        return as_described(answer, description)

    etag = call("GET", f"documents/{document.pk}/content").headers["ETag"]
    assert call("GET", f"documents/{document.pk}/content", **{"If-None-Match": etag}).status_code == 304
    version = call("GET", one).headers["ETag"]
    assert call("GET", f"{one}/beneficiaries/1").headers["ETag"]
    assert call("PATCH", one, {"phone": "0102030405"}).headers["ETag"] != version
    assert call("DELETE", f"{one}/beneficiaries/1", **{"If-Match": version}).status_code == 412
    new = {"birth_name": "Petit", "first_names": "Luc", "birth_date": "1960-01-02"}
    assert call("PUT", "members/70109002", new).status_code == 201
    assert call("POST", f"{one}/threads", {"subject": "S", "words": "W"}).headers["Location"]
    assert call("POST", f"documents/{item.document_id}/decision", {"outcome": "accept"}).status_code == 202
    assert deposit(pdf()).headers["Location"]
    assert deposit(b"").json()["reason"]
    call("GET", "events")
    gone = call("GET", f"events?after={Cursor(Epoch.objects.get().token, 99)}")
    assert {"reason", "start"} <= gone.json().keys()
    [asked] = description["paths"]["/api/v1/documents/{document_id}/content"]["get"]["parameters"][-1:]
    assert (asked["name"], asked["in"]) == ("If-None-Match", "header")
