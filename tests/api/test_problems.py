"""Whatever refuses under `/api/`, the answer is a problem for programs; nothing there reads or sets a cookie."""

import json
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.test.client import encode_multipart

from adherents.api import selectors
from adherents.api.cursors import cursor
from adherents.api.problems import Problem
from adherents.config.serving.bridge import DATABASE_HANGS
from adherents.config.serving.scopes import plain_answer
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.api.systems import BASE, System, code_of, faults_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
NOBODYS = "00000000-0000-4000-8000-000000000000"
PAST_THE_CALENDAR = cursor("documents", "0001-01-01T00:00:00+14:00", "00000000-0000-4000-8000-000000000000")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "nowhere", "not-found"),
        ("GET", "documents/", "not-found"),
        ("GET", "documents.", "not-found"),
        ("GET", "documents/not-an-id", "not-found"),
        ("GET", "", "not-found"),
        ("DELETE", "documents", "method-not-allowed"),
        ("HEAD", "token", "method-not-allowed"),
        ("GET", "documents?cursor=%21", "bad-cursor"),
        ("GET", "documents?cursor=WyJkb2N1bWVudHMiXQ", "bad-cursor"),
        ("GET", f"documents?cursor={PAST_THE_CALENDAR}", "bad-cursor"),
        ("GET", "documents?since=0001-01-01T00:00:00%2B14:00", "invalid"),
        ("GET", "documents?since=9999-12-31T23:59:59-14:00", "invalid"),
        ("GET", "documents?member=%00", "bad-request"),
        ("GET", "receipts/%00", "bad-request"),
        ("GET", "documents?state=lost", "invalid"),
        ("GET", "documents?since=yesterday", "invalid"),
        ("POST", "token", "unsupported-media-type"),
        ("GET", "problems/nothing", "not-found"),
    ],
)
def test_a_refusal_is_a_problem(method: str, path: str, code: str) -> None:
    answer = System().call(method, path)
    if method == "HEAD":
        assert answer.status_code == 405
    else:
        assert code_of(answer) == code
    assert not answer.cookies


def test_a_values_fault_is_told_and_the_value_is_not() -> None:
    answer = System().get("documents?state=7012345678901")
    assert [fault["at"] for fault in answer.json()["errors"]] == ["state"]
    assert b"7012345678901" not in answer.content


def test_every_wrong_value_says_where_which_and_why_in_words(member: Member) -> None:
    system, one = System(), f"members/{member.number}"
    for path, body, at in (
        (f"{one}/threads", {"subject": "S", "words": "W", "attachments": [NOBODYS]}, "attachments"),
        (f"{one}/threads", {"subject": "S", "words": "W", "document": NOBODYS}, "document"),
        (f"{one}/threads", {"subject": "S"}, "words"),
    ):
        assert [fault["at"] for fault in faults_of(system.post(path, body))] == [at]
    for method, path in (("PUT", one), ("PATCH", one), ("POST", f"{one}/threads")):
        for whole in (b"[]", b"3", b"null", b'"a"', b""):
            answer = system.call(method, path, data=whole, content_type="application/json")
            if whole or code_of(answer) == "invalid":
                assert [fault["at"] for fault in faults_of(answer)] == [""]
    for fields, wrong in (
        ({"kind": "lost"}, "kind"), ({"kind": "rib"}, "file"), ({"kind": "rib", "beneficiary_rank": "9"}, "beneficiary_rank"),
        ({}, "kind"),
    ):  # fmt: skip
        form = encode_multipart("b0und", fields)
        sent = system.call(
            "POST", f"{one}/documents", data=form, content_type="multipart/form-data; boundary=b0und"
        )
        assert [fault["at"] for fault in faults_of(sent)] == [wrong]


def test_no_text_has_a_nul_in_it(member: Member) -> None:
    system, path = System(), f"members/{member.number}/threads"
    for sent in ({"subject": "Bonjour", "words": "a\0b"}, {"subject": "a\0b", "words": "Bonjour"}):
        assert code_of(system.post(path, sent)) == "invalid"


def test_an_error_of_ours_an_outage_and_a_long_body_are_problems_too(settings: Any) -> None:
    system = System()
    with mock.patch.object(selectors, "documents_after", side_effect=ZeroDivisionError):
        assert code_of(system.get("documents")) == "server-error"
    with mock.patch.object(selectors, "documents_after", side_effect=OperationalError):
        away = system.get("documents")
        assert code_of(away) == "unavailable"
        assert int(away.headers["Retry-After"]) > 0
    hangs = system.get("documents", **{DATABASE_HANGS: True})
    assert code_of(hangs) == "unavailable"
    assert code_of(system.post("documents", "x" * (2 << 20))) == "too-large"


def test_nothing_under_api_reads_or_sets_a_cookie() -> None:
    browser = signed_in(make_agent())
    assert browser.cookies["session"].value
    for path in ("documents", "docs", "openapi.json", "token", "nowhere"):
        for method in ("GET", "POST"):
            answer = browser.generic(method, BASE + path)
            assert not list(answer.cookies), path
            assert "Cookie" not in answer.headers.get("Vary", "")
    assert browser.get(f"{BASE}documents").status_code == 401


def test_each_kind_of_problem_has_an_address_that_says_what_it_is() -> None:
    for problem in Problem:
        said = Client().get(f"{BASE}problems/{problem.code}").json()
        assert said["type"].endswith(f"/api/v1/problems/{problem.code}")
        assert (said["status"], said["title"]) == (problem.status, problem.title)


def test_the_description_and_its_page_need_no_key() -> None:
    described = Client().get(f"{BASE}openapi.json").json()
    assert described["openapi"].startswith("3.1")
    listed = described["paths"]["/api/v1/documents"]["get"]
    assert listed["security"] == [{"ClientKey": ["documents:read"]}]
    assert {"200", "401", "403", "429"} <= listed["responses"].keys()
    page = Client().get(f"{BASE}docs")
    assert page.status_code == 200
    assert "GET /api/v1/documents" in page.content.decode()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.content.decode().replace('<script src="/static/ui/portal', "")


def test_what_never_comes_as_far_as_the_application_is_a_problem_too() -> None:
    for status, code in ((400, "bad-request"), (408, "too-slow"), (411, "length-required")):
        start, body = plain_answer(status, b"No.\n", "/api/v1/token")
        headers = dict(start["headers"])
        assert headers[b"content-type"] == b"application/problem+json"
        assert headers[b"content-length"] == str(len(body["body"])).encode()
        said = json.loads(body["body"])
        assert (start["status"], said["status"], said["type"].rpartition("/")[2]) == (status, status, code)
    assert plain_answer(411, b"No.\n", "/adherent/")[1]["body"] == b"No.\n"
