"""The insurer's papers into the vault, receipts, and threads with members."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.api.scopes import Scope
from adherents.api.services.clients import suspend
from adherents.members.acting import on_own_file
from adherents.members.models import Beneficiary, Member
from adherents.messaging.models import Thread
from adherents.messaging.services import threads
from adherents.vault.models import Document
from adherents.vault.origins import Origin
from adherents.vault.receipts.services import check
from adherents.vault.services.rendition import draw_due
from tests.agents import make_agent
from tests.api.systems import System, code_of
from tests.messaging.exchanges import asked
from tests.vault.conftest import browser_of, deposited, objects_in, pdf

pytestmark = pytest.mark.django_db
NOBODYS = "00000000-0000-4000-8000-000000000000"


def put(system: System, number: str, content: bytes | None = None, *, key: str = "", **fields: Any) -> Any:
    """A paper, as `multipart/form-data`."""
    form = {"kind": "rib", **fields}
    if content is not None:
        form["file"] = SimpleUploadedFile("carte.pdf", content, "application/pdf")
    headers = {"Idempotency-Key": key} if key else {}
    body = encode_multipart(BOUNDARY, {name: value for name, value in form.items() if value is not None})
    return system.call(
        "POST", f"members/{number}/documents", data=body, content_type=MULTIPART_CONTENT, headers=headers
    )


def test_a_paper_enters_the_vault_as_every_document_does(member: Member, objects_folder: Path) -> None:
    system, content = System(), pdf()
    beneficiary = Beneficiary.objects.create(member=member, rank=2, birth_name="DUPONT", first_names="Lou")
    answer = put(system, member.number, content, beneficiary_rank=2, name="Carte 2027.pdf")
    assert answer.status_code == 201
    made = Document.objects.get()
    said = answer.json()
    assert answer.headers["Location"] == f"/api/v1/documents/{made.pk}"
    assert (said["name"], said["beneficiary_rank"], said["member"]) == ("Carte 2027.pdf", 2, member.number)
    assert (made.origin, made.beneficiary) == (Origin.INSURER, beneficiary)
    assert code_of(system.get(f"documents/{made.pk}/content")) == "not-checked"
    draw_due()
    assert b"".join(system.get(f"documents/{made.pk}/content").streaming_content) == content
    page = browser_of(member).get(f"/adherent/documents/{made.pk}/").content.decode()
    assert "Votre mutuelle l’a déposé ici." in page
    again = {"content": content, "key": "k1", "name": "deux.pdf"}
    first, second = put(system, member.number, **again), put(system, member.number, **again)
    assert first.content == second.content
    assert Document.objects.count() == 2
    # Two files, a page and its thumbnail: nothing is left of the one that came again.
    assert len(objects_in(objects_folder)) == 4


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "inconnu"}, "invalid"),
        ({"kind": None}, "invalid"),
        ({"beneficiary_rank": "7"}, "invalid"),
        ({"beneficiary_rank": "un"}, "invalid"),
        ({"content": None}, "invalid"),
        ({"content": b"MZ rien"}, "file-refused"),
        ({"content": b""}, "file-refused"),
        ({"content": pdf(password="x")}, "file-refused"),
        ({"content": b"%PDF-" + b"0" * (21 << 20)}, "too-large"),
        ({"number": "inconnu"}, "not-found"),
    ],
)
def test_a_paper_that_is_refused_leaves_nothing(
    member: Member, objects_folder: Path, wrong: dict[str, Any], code: str
) -> None:
    given = {"number": member.number, "content": pdf()} | wrong
    assert code_of(put(System(), **given)) == code
    assert not Document.objects.exists()
    assert objects_in(objects_folder) == []


def test_a_long_body_is_read_for_nobody_without_the_scope(member: Member, objects_folder: Path) -> None:
    reader = System(scopes=[Scope.DOCUMENTS_READ])
    assert code_of(put(reader, member.number, pdf())) == "missing-scope"
    suspend(client=reader.client, actor="agent:1", reason="essai")
    assert code_of(put(reader, member.number, b"%PDF-" + b"0" * (2 << 20))) == "not-authenticated"
    assert objects_in(objects_folder) == []


def test_a_receipt_is_given_signed(member: Member) -> None:
    system = System()
    document = deposited(member, pdf())
    answer = system.get(f"receipts/{document.deposit.number}")
    assert answer.headers["Content-Type"] == "application/json"
    assert check(answer.content).statement.number == document.deposit.number
    assert code_of(system.get("receipts/D-2000-000001")) == "not-found"


def test_threads_are_listed_and_read_without_the_services_notes(member: Member, other_member: Member) -> None:
    system, agent = System(), make_agent()
    first, second = asked(member), asked(other_member, "Autre question ?")
    threads.note(agent=agent, thread_id=first.pk, body="Entre nous.")
    listed = system.get("threads").json()
    assert [row["id"] for row in listed["items"]] == [str(first.pk), str(second.pk)]
    assert [
        row["id"] for row in system.get(f"threads?member=%20{member.number.lower()}").json()["items"]
    ] == [str(first.pk)]
    said = system.get(f"threads/{first.pk}")
    assert [message["written_by"] for message in said.json()["messages"]] == ["member"]
    assert "Entre nous" not in said.content.decode()
    first.refresh_from_db()
    assert first.unread_by_service  # an agent still finds it
    assert code_of(system.get(f"threads/{NOBODYS}")) == "not-found"


def test_a_system_writes_to_a_member_with_papers_of_the_insurer(member: Member) -> None:
    system = System()
    paper = put(system, member.number, pdf()).json()["id"]
    body = {"subject": "Votre carte", "words": "La voici.", "attachments": [paper]}
    opened = system.post(f"members/{member.number}/threads", body, key="k1")
    assert opened.status_code == 201
    assert opened.json()["messages"][0]["attachments"] == [paper]
    assert system.post(f"members/{member.number}/threads", body, key="k1").content == opened.content
    thread = Thread.objects.get()
    assert thread.agent is None  # no agent would find the member's answer in a program's list
    page = browser_of(member).get(f"/adherent/messages/{thread.pk}/").content.decode()
    assert "La voici." in page
    assert "carte.pdf" in page
    author = Account.objects.get(identifier=member.number)
    threads.write(acting=on_own_file(member), author=author, thread_id=thread.pk, body="Merci ?")
    thread.refresh_from_db()
    assert thread.unread_by_service
    unread = {"words": "De rien.", "after": opened.json()["messages"][0]["id"]}
    assert code_of(system.post(f"threads/{thread.pk}/messages", unread)) == "something-new"
    answered = system.post(f"threads/{thread.pk}/messages", {"words": "De rien."})
    assert [message["written_by"] for message in answered.json()["messages"]] == [
        "service",
        "member",
        "service",
    ]
    assert code_of(system.post(f"threads/{thread.pk}/messages", {"words": "x", "attachments": [paper]})) == (
        "cannot-attach"
    )
    threads.close(agent=make_agent(), thread_id=thread.pk, after=10**9)
    assert code_of(system.post(f"threads/{thread.pk}/messages", {"words": "Encore."})) == "thread-closed"


def test_a_system_attaches_and_names_only_what_is_that_members(member: Member, other_member: Member) -> None:
    system = System()
    theirs = put(system, other_member.number, pdf()).json()["id"]
    own = str(deposited(member, pdf()).pk)  # the member sent it: it is no paper of the insurer
    address = f"members/{member.number}/threads"
    for papers, code in (([theirs], "cannot-attach"), ([own], "cannot-attach"), ([NOBODYS], "invalid")):
        body = {"subject": "Essai", "words": "Essai.", "attachments": papers}
        assert code_of(system.post(address, body)) == code
    assert (
        code_of(system.post(address, {"subject": "Essai", "words": "Essai.", "document": theirs}))
        == "invalid"
    )
    about = system.post(address, {"subject": "Essai", "words": "Essai.", "document": own})
    assert about.json()["document"] == own
    for wrong in ({"subject": " "}, {"words": ""}, {"words": "Bonjour {prenom}"}, {"attachments": ["x"]}):
        assert code_of(system.post(address, {"subject": "Essai", "words": "Essai."} | wrong)) == "invalid"
    Account.objects.filter(identifier=member.number).update(closed_at=timezone.now())
    assert code_of(system.post(address, {"subject": "Essai", "words": "Essai bis."})) == "account-closed"
    assert (
        json.loads(system.post("members/inconnu/threads", {"subject": "E", "words": "E"}).content)["status"]
        == 404
    )
