"""HEAD answers like GET without the body, wherever GET is: a program learns of a version or a digest, and has seen nothing."""

import json

import pytest
from django.test import Client

from adherents.api.scopes import Scope
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.messaging.models import Thread
from tests.api.systems import BASE, System, code_of
from tests.api.test_documents import drawn
from tests.messaging.exchanges import asked

pytestmark = pytest.mark.django_db
CHANGES_EACH_TIME = {"X-Request-ID", "Server-Timing", "Date"}
CHILD = {"birth_name": "Dupont", "first_names": "Noé", "birth_date": "2015-07-14", "relation": "enfant"}


def get_routes() -> set[str]:
    paths = Client().get(f"{BASE}openapi.json").json()["paths"]
    assert not [path for path, methods in paths.items() if "head" in methods], "said once, in words"
    return {path.removeprefix(BASE) for path, methods in paths.items() if "get" in methods}


def test_head_has_the_headers_of_get_on_every_route_and_is_no_look(member: Member) -> None:
    system, document, thread = System(calls_a_minute=1000), drawn(member), asked(member)
    child = f"members/{member.number}/beneficiaries/1"
    system.call("PUT", child, data=json.dumps(CHILD), content_type="application/json")
    there = {
        "documents": "documents",
        "documents/{document_id}": f"documents/{document.pk}",
        "documents/{document_id}/content": f"documents/{document.pk}/content",
        "documents/{document_id}/readings": f"documents/{document.pk}/readings",
        "documents/{document_id}/pages/{number}": f"documents/{document.pk}/pages/1",
        "events": "events",
        "members": f"members?id={member.pk}",
        "members/{number}": f"members/{member.number}",
        "members/{number}/beneficiaries/{rank}": child,
        "receipts/{number}": f"receipts/{document.deposit.number}",
        "threads": "threads",
        "threads/{thread_id}": f"threads/{thread.pk}",
    }
    assert there.keys() == get_routes(), "a new route is tried here too"
    for path in there.values():
        before = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
        head = system.call("HEAD", path)
        [entry] = Entry.objects.exclude(pk__in=before)
        assert (entry.event, entry.details["method"]) == ("client.called", "HEAD"), path
        got = system.get(path)
        assert (head.status_code, head.content) == (200, b""), path
        names = got.headers.keys() - CHANGES_EACH_TIME
        assert {name: head.headers.get(name) for name in names} == {name: got.headers[name] for name in names}
        assert head.headers["Content-Length"] == str(len(got.getvalue())), path
    assert Thread.objects.get().pk == thread.pk
    content = system.call("HEAD", f"documents/{document.pk}/content")
    assert content.headers["ETag"] == f'"{document.sha256}"'
    again = system.call(
        "HEAD", f"documents/{document.pk}/content", headers={"If-None-Match": content.headers["ETag"]}
    )
    assert again.status_code == 304


def test_head_is_refused_like_get_and_its_refusal_leaves_the_same_trace(member: Member) -> None:
    poor = System(scopes=[Scope.EVENTS_READ])
    assert poor.call("HEAD", f"members/{member.number}").status_code == 403
    entry = Entry.objects.get(event="client.called")
    assert (entry.details["method"], entry.details["status"]) == ("HEAD", 403)
    nobody = Client().head(f"{BASE}documents")
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    assert System("entier").call("HEAD", "documents/batch").status_code == 404
    assert Client().head(f"{BASE}token").status_code == 405


@pytest.mark.parametrize("path", ["openapi.json", "docs", "problems/not-found"])
def test_what_needs_no_key_answers_head_too(path: str) -> None:
    head, got = Client().head(BASE + path), Client().get(BASE + path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_an_id_is_read_in_capitals_too(member: Member) -> None:
    system, document = System(), drawn(member)
    for path in (f"documents/{document.pk}", f"documents/{document.pk}/content"):
        assert system.get(path.replace(str(document.pk), str(document.pk).upper())).status_code == 200
    assert system.get(f"documents/{str(document.pk).upper()}").json()["id"] == str(document.pk)
    thread = asked(member)
    assert system.get(f"threads/{str(thread.pk).upper()}").json()["id"] == str(thread.pk)
    assert code_of(system.get(f"documents/{str(document.pk)[:-1]}g")) == "not-found"
    here, there = (f"threads/{pk}/messages" for pk in (str(thread.pk), str(thread.pk).upper()))
    assert system.post(here, {"words": "Bonjour."}, key="k1").status_code == 201
    other = system.post(there, {"words": "Autre chose."}, key="k1")
    assert other.status_code == 409, "another call under the key of one to the same address"
