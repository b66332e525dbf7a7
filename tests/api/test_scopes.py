"""Every scope crossed with every route, method and kind of caller, from the description: a new route is in it the same day."""

import json
from typing import Any

import pytest
from django.test import Client

from adherents.api.scopes import Scope
from adherents.api.services.clients import end_key, suspend
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.api.systems import System, code_of
from tests.config.test_public_forms import UUID
from tests.messaging.exchanges import asked
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
METHODS = ["get", "post", "put", "patch", "delete"]
JSON = "application/json"
CHILD = {"birth_name": "Dupont", "first_names": "Noé", "birth_date": "2015-07-14", "relation": "enfant"}
OPEN = {"/api/v1/token"}  # besides `openapi.json`, `docs` and `problems`, which are no routes of it
FILLED = {"document_id": UUID, "thread_id": UUID, "number": "70100001", "rank": "1"}


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, address and description of each."""
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    return [
        (method, path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path not in OPEN
    ]


def address(path: str, **known: str) -> str:
    for name, value in (FILLED | known).items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, f"{path}: add the name to FILLED"
    return path.removeprefix("/api/v1/")


def ask(system: System, method: str, path: str, operation: dict[str, Any], **options: Any) -> Any:
    """With a body of the right type, and nothing in it."""
    types = list(operation.get("requestBody", {}).get("content", {"": {}}))
    return system.call(
        method.upper(), path, data="{}", content_type=types[0] or "application/json", **options
    )


def test_who_may_write_and_not_read_is_told_nothing_that_it_did_not_say(member: Member) -> None:
    whole, writer = System(), System("plume", [Scope.MEMBERS_WRITE, Scope.MESSAGES_WRITE])
    thread = asked(member)
    whole.call("PUT", f"members/{member.number}/beneficiaries/1", data=json.dumps(CHILD), content_type=JSON)
    number = {"number": member.number}
    for path, body, told in (
        (f"members/{member.number}", {}, number),
        (f"members/{member.number}/beneficiaries/1", {}, number | {"rank": 1}),
    ):
        answer = writer.call("PATCH", path, data=json.dumps(body), content_type=JSON)
        assert (answer.status_code, answer.json()) == (200, told)
    answer = writer.call(
        "PUT", f"members/{member.number}/beneficiaries/1", data=json.dumps(CHILD), content_type=JSON
    )
    assert (answer.status_code, answer.json()) == (200, number | {"rank": 1})
    answer = writer.post(f"threads/{thread.pk}/messages", {"words": "Bonjour."})
    assert (answer.status_code, answer.json()) == (201, {"id": str(thread.pk)})


def test_a_patch_that_shows_the_rest_of_a_member_is_a_look_that_the_member_reads_of(member: Member) -> None:
    System().call("PATCH", f"members/{member.number}", data="{}", content_type=JSON)
    assert Entry.objects.filter(event="casework.member_consulted", subject=member.subject).exists()


def test_each_scope_opens_its_own_routes_and_no_other() -> None:
    there = routes()
    assert len(there) > 10
    assert {operation["x-scope"] for _, _, operation in there} <= set(Scope)
    for scope in Scope:
        system = System(scope.replace(":", "-"), [scope], calls_a_minute=100_000)
        for method, path, operation in there:
            answer = ask(system, method, address(path), operation)
            if operation["x-scope"] == scope:
                assert answer.status_code not in (401, 403), (scope, method, path)
            else:
                assert code_of(answer) == "missing-scope", (scope, method, path)


def test_no_route_opens_without_a_key_or_with_one_that_is_over() -> None:
    expired = System("perime", key_days=0)
    stopped = System("suspendu")
    ended = System("retire")
    elsewhere = System("ailleurs", networks=["192.0.2.0/24"])
    nobody = System("personne")
    nobody.credential = ""
    suspend(client=stopped.client, actor="agent:1", reason="essai")
    end_key(client=ended.client, key_id=ended.key.split("_")[1], actor="agent:1")
    for method, path, operation in routes():
        for system in (nobody, expired, stopped, ended):
            assert code_of(ask(system, method, address(path), operation)) == "not-authenticated", (
                method,
                path,
            )
        assert code_of(ask(elsewhere, method, address(path), operation)) == "wrong-network", (method, path)


def test_a_method_that_a_route_has_not_is_refused_before_anything_is_asked() -> None:
    system = System(calls_a_minute=100_000)
    there: dict[str, set[str]] = {}
    for method, path, _ in routes():
        there.setdefault(path, set()).add(method)
    for path, known in there.items():
        for method in set(METHODS) - known:
            answer = system.call(method.upper(), address(path))
            assert code_of(answer) == "method-not-allowed", (method, path)
            also = {"head"} if "get" in known else set()
            assert {name.lower() for name in answer.headers["Allow"].split(", ")} == known | also


def test_another_members_number_and_another_kinds_id_open_nothing(
    member: Member, other_member: Member
) -> None:
    """A document's id where a thread's belongs, a thread's where a document's belongs, and identifiers of nobody."""
    system = System(calls_a_minute=100_000)
    document = deposited(member, pdf())
    before = (Member.objects.count(), document.member.documents.count())
    for method, path, operation in routes():
        if "_id}" in path and "thread" in path:
            answer = ask(system, method, address(path, thread_id=str(document.pk)), operation)
            assert answer.status_code in (404, 422), (method, path)
        if "_id}" in path and "document" in path:
            answer = ask(system, method, address(path, document_id=str(UUID)), operation)
            assert answer.status_code in (404, 422), (method, path)
    theirs = system.get(f"documents?member={other_member.number}").json()
    assert theirs["items"] == []
    assert (Member.objects.count(), member.documents.count()) == before
