"""A program that asks for what there is not, or whose call breaks off, is told so: nothing is guessed or passed over."""

import json
import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from adherents.config.serving.bridge import CutBody
from adherents.members.models import Member
from adherents.messaging.models import Thread
from adherents.vault.models import Document, SetAside
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.rendition import draw_due
from tests.api.systems import BASE, System, code_of
from tests.api.test_papers import put
from tests.cast import CAMILLE
from tests.members.doors import said
from tests.messaging.exchanges import asked
from tests.vault.conftest import deposited, objects_in, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def form(**fields: Any) -> bytes:
    return encode_multipart(BOUNDARY, {"kind": "rib", "file": SimpleUploadedFile("a.pdf", pdf())} | fields)


@pytest.mark.parametrize(
    ("path", "begun", "content_type"),
    [
        ("members/batch", b'{"number": "A1"}\n{', "application/x-ndjson"),
        ("members/70100001/documents", form()[:900], MULTIPART_CONTENT),
    ],
)
def test_a_body_that_breaks_off_is_no_error_of_the_portals(
    member: Member,
    objects_folder: Any,
    caplog: pytest.LogCaptureFixture,
    path: str,
    begun: bytes,
    content_type: str,
) -> None:
    """Its program is too slow, or is not there any more."""
    system = System()
    cut = {"wsgi.input": CutBody(begun), "CONTENT_LENGTH": "90000", "CONTENT_TYPE": content_type}
    assert code_of(system.call("POST", path, **cut)) == "too-slow"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert not Document.objects.exists()
    assert objects_in(objects_folder) == []
    assert not Member.objects.filter(number="A1").exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "members/batch?dry_run=true"),
        ("POST", "members/batch?DRY=true"),
        ("GET", "documents?sate=received"),
        ("GET", "members?number=70100001"),
        ("GET", "events?since=1"),
        ("DELETE", "members/70100001?dry=true"),
    ],
)
def test_what_an_address_does_not_know_is_not_passed_over(member: Member, method: str, path: str) -> None:
    system = System()
    line = json.dumps(said(CAMILLE) | {"number": "NEW1", "nir": ""})
    body = {"data": line, "content_type": "application/x-ndjson"} if method == "POST" else {}
    refused = system.call(method, path, **body)
    assert code_of(refused) == "invalid"
    [fault] = refused.json()["errors"]
    assert (fault["in"], fault["code"]) == ("query", "unknown")
    assert not Member.objects.filter(number="NEW1").exists()
    member.refresh_from_db()
    assert member.end_date is None


@pytest.mark.parametrize(
    "path",
    [
        "documents?state=&kind=&member=&since=&cursor=",
        "members?cursor=&id=",
        "threads?member=&cursor=",
        "events?after=",
    ],
)
def test_what_is_left_empty_is_not_asked_for(member: Member, path: str) -> None:
    system = System()
    deposited(member, pdf())
    everything = system.get(path.partition("?")[0]).json()
    assert system.get(path).json() == everything


@pytest.mark.parametrize(
    "sent",
    [
        {"rank": "1"},
        {"beneficiaryRank": "1"},
        {"kind": ["rib", "devis"]},
        {"name": ["a", "b"]},
        {"file": None, "fichier": SimpleUploadedFile("a.pdf", pdf())},
        {"second": SimpleUploadedFile("b.pdf", pdf())},
    ],
)
def test_a_field_that_a_deposit_does_not_know_files_nothing(
    member: Member, objects_folder: Any, sent: dict[str, Any]
) -> None:
    fields = {"kind": "rib", "file": SimpleUploadedFile("a.pdf", pdf())} | sent
    body = encode_multipart(BOUNDARY, {name: value for name, value in fields.items() if value is not None})
    answer = System().call(
        "POST", f"members/{member.number}/documents", data=body, content_type=MULTIPART_CONTENT
    )
    assert code_of(answer) == "invalid"
    assert not Document.objects.exists()
    assert objects_in(objects_folder) == []


def test_the_same_words_with_a_paper_are_another_message(member: Member) -> None:
    """Two calls are two messages, unless their key says that they are one."""
    system, address = System(), f"members/{member.number}/threads"
    words = {"subject": "Votre carte", "words": "Voici."}
    assert system.post(address, words, key="a").status_code == 201
    paper = put(system, member.number, pdf()).json()["id"]
    second = system.post(address, words | {"attachments": [paper]}, key="b")
    assert second.json()["messages"][0]["attachments"] == [paper]
    assert system.post(address, words | {"attachments": [paper]}, key="b").content == second.content
    assert system.post(address, words).status_code == system.post(address, words).status_code == 201
    assert Thread.objects.count() == 4


def states(system: System, **asked_for: str) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in asked_for.items())
    return [item["id"] for item in system.get(f"documents?{query}").json()["items"]]


def test_a_paper_of_the_insurers_is_accepted_once_its_member_can_open_it(member: Member) -> None:
    """Until then it is received, or set aside: the same word in the list, in the document and in what its content answers."""
    system = System()
    good, bad = (
        put(system, member.number, content).json()["id"]
        for content in (pdf(), pdf()[:-60] + b"x" * 90 + b"%%EOF")
    )
    sent = str(deposited(member, pdf(2)).pk)

    def told() -> dict[str, list[str]]:
        return {
            state: states(system, state=state) for state in ("received", "checked", "set_aside", "accepted")
        }

    assert told() == {"received": [good, bad, sent], "checked": [], "set_aside": [], "accepted": []}
    assert system.get(f"documents/{good}").json()["state"] == "received"
    draw_due(limit=10)
    Document.objects.filter(pk=bad).update(
        set_aside=SetAside.UNREADABLE, checked_at=None, next_attempt_at=None
    )
    assert told() == {"received": [], "checked": [sent], "set_aside": [bad], "accepted": [good]}
    assert [system.get(f"documents/{pk}").json()["state"] for pk in (good, bad)] == ["accepted", "set_aside"]
    assert code_of(system.get(f"documents/{bad}/content")) == "set-aside"
    assert code_of(system.post(f"documents/{bad}/acknowledgement", {"reference": "X1"})) == "set-aside"
    first = system.get("documents?state=received").json()
    assert first["items"] == []


def test_what_came_with_a_message_waits_for_nobody_and_is_in_no_list_but_its_own(member: Member) -> None:
    system = System()
    intake = UploadBatch()
    intake.begin("devis.pdf")
    assert intake.current is not None
    intake.current.write(pdf())
    intake.end()
    asked(member, files=FormFiles(intake.take()))
    draw_due(limit=10)
    attached = Document.objects.get()
    assert states(system, state="checked") == states(system, member=member.number) == []
    assert states(system, kind="piece_jointe") == [str(attached.pk)]
    assert states(system, kind="piece_jointe", state="checked") == [str(attached.pk)]
    assert system.get(f"documents/{attached.pk}").json()["due_on"] is None


@pytest.mark.parametrize("path", ["openapi.json", "docs", "problems/gone", "events"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_an_address_does_not_know_is_said_so(method: str, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert code_of(browser.generic(method, BASE + path)) == "method-not-allowed"


def test_the_root_without_its_slash_speaks_to_programs_too() -> None:
    assert code_of(Client().get("/api")) == "not-found"


@pytest.mark.parametrize("name", ["\u200b", "\u202e", "\u2060\ufeff"])
def test_a_name_that_nobody_sees_is_none(name: str) -> None:
    system = System()
    person = said(CAMILLE)
    refused = system.call(
        "PUT",
        f"members/{CAMILLE.number}",
        data=json.dumps(person | {"birth_name": name, "usual_name": name}),
        content_type="application/json",
    )
    assert code_of(refused) == "invalid"
    dressed = person | {"birth_name": f"{name}Dup{name}ont "}
    assert (
        system.call(
            "PUT", f"members/{CAMILLE.number}", data=json.dumps(dressed), content_type="application/json"
        ).status_code
        == 201
    )
    assert Member.objects.get(number=CAMILLE.number).birth_name == "Dupont"
    child = {"relation": "enfant", "birth_date": "2015-05-02", "usual_name": name, "first_names": "Lou"}
    nobody = system.call(
        "PUT",
        f"members/{CAMILLE.number}/beneficiaries/1",
        data=json.dumps(child),
        content_type="application/json",
    )
    assert [fault["at"] for fault in nobody.json()["errors"]] == ["birth_name"]
