"""HEAD and Range, wherever a file is given: HEAD opens nothing and is no consultation; a range is answered by the whole."""

from typing import Any

import pytest
from django.test import Client

from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.storage import reading
from adherents.vault.models import Document
from adherents.vault.receipts import pdf as receipt_pdf
from tests.agents import make_agent
from tests.agents import signed_in as agent_signed_in
from tests.vault.conftest import browser_of, deposited, pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(member: Member) -> Document:
    return deposited(member, pdf())


def paths(document: Document) -> list[str]:
    number = document.deposit.number
    return [
        f"/adherent/documents/{document.pk}/telecharger/",
        f"/adherent/documents/accuses/{number}/accuse.pdf",
        f"/adherent/documents/accuses/{number}/accuse.json",
    ]


def test_head_answers_the_headers_of_the_file_and_reads_nothing(
    member: Member, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(member)
    given = [browser.get(path) for path in paths(document)]
    for answer in given:
        b"".join(answer)  # type: ignore[call-overload]
    before = Entry.objects.count()

    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(reading, "open_object", read)
    monkeypatch.setattr(receipt_pdf, "draw", read)
    for path, whole in zip(paths(document), given, strict=True):
        answer = browser.head(path)
        assert answer.status_code == 200
        assert b"".join(answer) == b""  # type: ignore[call-overload]
        for name in ("Content-Type", "Content-Disposition", "Content-Security-Policy", "Accept-Ranges"):
            assert answer[name] == whole[name], (path, name)
        assert answer.get("Content-Length", whole["Content-Length"]) == whole["Content-Length"]
    assert Entry.objects.count() == before


def test_head_says_what_get_would_refuse(member: Member, document: Document) -> None:
    browser = browser_of(member)
    [file, *_] = paths(document)
    assert (
        browser.head("/adherent/documents/00000000-0000-4000-8000-000000000000/telecharger/").status_code
        == 404
    )
    assert browser.head("/adherent/documents/accuses/D-2020-000001/accuse.pdf").status_code == 404
    Document.objects.filter(pk=document.pk).update(threat="Eicar")
    assert browser.head(file).status_code == browser.get(file).status_code == 403
    assert Client().head(file).status_code == 302


def test_a_range_is_answered_by_the_whole(member: Member, document: Document) -> None:
    """A document is checked to its last byte before its first byte leaves."""
    browser = browser_of(member)
    for path in paths(document):
        answer = browser.get(path, headers={"range": "bytes=10-19", "if-range": '"x"'})
        assert (answer.status_code, answer["Accept-Ranges"]) == (200, "none")
        assert "Content-Range" not in answer
    answer = browser.get(paths(document)[0], headers={"range": "bytes=10-19"})
    assert b"".join(answer.streaming_content) == pdf()  # type: ignore[attr-defined]


def test_an_agents_head_is_no_opening_and_no_consultation(member: Member, document: Document) -> None:
    agent = agent_signed_in(make_agent())
    for path in (
        f"/gestion/documents/{document.pk}/",
        f"/gestion/documents/{document.pk}/pages/1/image/",
        f"/gestion/adherents/{member.pk}/",
    ):
        before = Entry.objects.count()
        assert agent.head(path).status_code in {200, 404}, path
        assert Entry.objects.count() == before, path
