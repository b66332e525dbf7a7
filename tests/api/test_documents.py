"""Documents, for the insurer's systems: found, opened, decided and acknowledged by the services that the desk's pages use."""

import hashlib
import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from adherents.accounts.models import Role
from adherents.api import cursors
from adherents.api.models import StoredAnswer
from adherents.api.purging import answers
from adherents.api.views.documents import FAULTS_OF
from adherents.casework.models import Decision, Item
from adherents.casework.services import deciding, queue
from adherents.casework.services.entering import enter_checked
from adherents.feed.models import Announcement
from adherents.insurer.profile import profile
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Erased
from adherents.vault.selectors.history import entries_of, history_of
from adherents.vault.services import erasing
from adherents.vault.services.rendition import draw_due
from adherents.work.purging import apply
from tests.agents import make_agent, signed_in
from tests.api.systems import System, code_of, faults_of
from tests.casework.queueing import adviser, checked, waiting
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db
NOBODYS = "00000000-0000-4000-8000-000000000000"
FIELDS = {
    "id", "member", "kind", "state", "name", "content_type", "size", "sha256", "receipt", "received_at", "beneficiary_rank",
    "channel", "received_on", "due_on", "decision", "part_of", "pages", "split",
}  # fmt: skip


def drawn(member: Member, content: bytes | None = None) -> Document:
    """A document whose checks are done, and its pages drawn."""
    document = deposited(member, content or pdf())
    draw_due()
    document.refresh_from_db()
    return document


def settle_all() -> None:
    with travel(timezone.now() + timedelta(seconds=profile().casework.undo_seconds + 1), tick=False):
        deciding.settle_due()


def words_of(document: Document) -> list[str]:
    return [str(line["label"]) for line in history_of(document, entries_of(document))]


def test_a_document_has_the_names_and_states_that_programs_rely_on(member: Member) -> None:
    system = System()
    document = drawn(member)
    said = system.get(f"documents/{document.pk}").json()
    assert said.keys() >= FIELDS
    assert (said["id"], said["member"], said["kind"]) == (str(document.pk), member.number, "rib")
    assert (said["state"], said["decision"], said["part_of"], said["pages"]) == ("checked", None, None, None)
    assert (said["size"], said["sha256"]) == (document.size, document.sha256)
    assert said["receipt"] == document.deposit.number
    assert said["received_at"].endswith("Z")
    assert (said["channel"], said["received_on"]) == ("portal", None)
    assert said["due_on"] == document.answer_expected_on.isoformat()
    assert said["page_count"] == 1
    Document.objects.filter(pk=document.pk).update(state=State.RECEIVED, set_aside=SetAside.UNREADABLE)
    assert system.get(f"documents/{document.pk}").json()["state"] == "set_aside"
    assert [row["id"] for row in system.get("documents?state=set_aside").json()["items"]] == [
        str(document.pk)
    ]
    assert system.get("documents?state=received").json()["items"] == []
    Document.objects.filter(pk=document.pk).update(state=State.WITHDRAWN)
    assert system.get("documents?state=taken_back").json()["items"][0]["state"] == "taken_back"
    assert code_of(system.get(f"documents/{NOBODYS}")) == "not-found"


def test_the_list_is_walked_through_whatever_comes_and_goes_meanwhile(
    member: Member, other_member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adherents.api.views.documents.ITEMS", 3)
    now = timezone.now()
    there = [checked(member, at=now - timedelta(days=9 - n // 2)) for n in range(8)]  # two of one moment
    system, seen, cursor = System(), [], ""
    while cursor is not None:
        page = system.get(f"documents?cursor={cursor}").json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        checked(other_member, at=now - timedelta(days=20))  # before all that is read
    assert sorted(seen) == sorted(str(row.pk) for row in there)
    since = (now - timedelta(days=7, hours=1)).isoformat().replace("+", "%2B")
    assert len(system.get(f"documents?since={since}&state=checked").json()["items"]) == 3
    mine = system.get(f"documents?member={member.number}&kind=rib").json()
    assert system.get(f"documents?member=%20{member.number.lower()}&kind=rib").json() == mine
    assert {row["member"] for row in mine["items"]} == {member.number}
    assert system.get("documents?kind=autre").json()["items"] == []
    for foreign in (cursors.cursor("threads", "a", "b"), cursors.cursor("documents", 1, 2)):
        assert code_of(system.get(f"documents?cursor={foreign}")) == "bad-cursor"


def test_the_original_is_given_whole_with_its_digest_and_its_member_reads_who_opened_it(
    member: Member,
) -> None:
    system, content = System(), pdf(2)
    document = drawn(member, content)
    answer = system.get(f"documents/{document.pk}/content")
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Type"] == "application/pdf"
    ranged = system.get(f"documents/{document.pk}/content", headers={"Range": "bytes=0-9"})
    assert ranged.status_code == 200
    assert b"".join(ranged.streaming_content) == content
    etag = answer.headers["ETag"]
    for theirs in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        known = system.get(f"documents/{document.pk}/content", headers={"If-None-Match": theirs})
        assert (known.status_code, known.content) == (304, b"")
    assert "Votre mutuelle (système de gestion) l’a consulté." in words_of(document)
    image = system.get(f"documents/{document.pk}/pages/2")
    assert image.content.startswith(b"\xff\xd8")
    assert code_of(system.get(f"documents/{document.pk}/pages/3")) == "not-found"
    assert code_of(system.get(f"documents/{document.pk}/pages/0")) == "invalid"
    opened = Entry.objects.filter(subject=document.subject, event="vault.document_opened")
    assert {entry.actor for entry in opened} == {system.client.subject}


def test_what_is_not_checked_set_aside_or_gone_is_given_to_no_system(member: Member) -> None:
    system = System()
    document = deposited(member, pdf())
    ways = [f"documents/{document.pk}/content", f"documents/{document.pk}/pages/1"]
    assert [code_of(system.get(way)) for way in ways] == ["not-checked"] * 2
    assert code_of(system.post(f"documents/{document.pk}/decision", {"outcome": "accept"})) == "not-checked"
    draw_due()
    Document.objects.filter(pk=document.pk).update(set_aside=SetAside.INFECTED, threat="Eicar")
    assert [code_of(system.get(way)) for way in ways] == ["set-aside"] * 2
    Document.objects.filter(pk=document.pk).update(set_aside="", threat="")
    erasing.erase(document_id=document.pk, because=Erased.RETENTION)
    assert [code_of(system.get(way)) for way in ways] == ["gone"] * 2
    acknowledged = system.post(f"documents/{document.pk}/acknowledgement", {"reference": "A1"})
    assert code_of(acknowledged) == "gone"
    assert code_of(system.post(f"documents/{document.pk}/decision", {"outcome": "accept"})) == "gone"
    assert system.get(f"documents/{document.pk}").status_code == 200  # its proof stays


def test_an_altered_document_gives_not_one_byte(member: Member, objects_folder: Path) -> None:
    system = System()
    document = drawn(member, pdf(3))
    file = objects_folder / document.storage_name
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert code_of(system.get(f"documents/{document.pk}/content")) == "altered"
    assert Entry.objects.filter(subject=document.subject, event="vault.document_altered").exists()


def test_a_system_decides_as_an_agent_does_and_the_member_is_told_when_it_settles(member: Member) -> None:
    system = System()
    [first, second, third] = waiting(member, 3)
    accepted = system.post(f"documents/{first.document_id}/decision", {"outcome": "accept"})
    assert accepted.status_code == 202
    assert accepted.json()["settles_at"] > timezone.now().isoformat()
    refused = {"outcome": "refuse", "reason": "rib_illisible", "words": {"fr": "Illisible, désolé."}}
    answer = system.post(f"documents/{second.document_id}/decision", refused).json()
    assert answer["words"] == {"fr": "Illisible, désolé.", "en": ""}
    until = (timezone.localdate() + timedelta(days=5)).isoformat()
    asked = {"outcome": "correct", "reason": "rib_illisible", "until": until}
    corrected = system.post(f"documents/{third.document_id}/decision", asked).json()
    assert corrected["words"]["fr"]  # the profile's own
    assert system.get(f"documents/{first.document_id}").json()["decision"] is None
    assert code_of(system.post(f"documents/{first.document_id}/decision", refused)) == "already-decided"
    settle_all()
    states = [system.get(f"documents/{item.document_id}").json()["state"] for item in (first, second, third)]
    assert states == ["accepted", "refused", "incomplete"]
    said = system.get(f"documents/{third.document_id}").json()["decision"]
    assert said == {name: corrected[name] for name in ("outcome", "reason", "reasons", "words", "until")}
    assert "Votre mutuelle (système de gestion) l’a accepté." in words_of(first.about)
    settled = Entry.objects.get(subject=first.subject, event="casework.document_accepted")
    assert settled.actor == system.client.subject
    assert Announcement.objects.filter(type="document.decided").count() == 3


def test_a_system_gives_one_reason_or_several(member: Member) -> None:
    system = System()
    [first, second, third] = waiting(member, 3)
    both = ["rib_illisible", "rib_iban_incomplet"]
    for item, why in (
        (first, {"reason": both[0], "reasons": both}),
        (second, {"reasons": both}),
        (third, {"reason": both[0], "reasons": []}),
    ):
        answer = system.post(f"documents/{item.document_id}/decision", {"outcome": "refuse"} | why).json()
        said = both[:1] if item is third else both
        assert (answer["reason"], answer["reasons"]) == (both[0], said)
        known = {reason.code: reason.words.fr for reason in profile().documents.reasons}
        assert answer["words"]["fr"] == "\n\n".join(known[code] for code in said)
    settle_all()
    read = system.get(f"documents/{second.document_id}").json()["decision"]
    assert (read["reason"], read["reasons"]) == (both[0], both)


def test_what_an_agent_has_in_hand_no_system_decides(member: Member) -> None:
    system, agent = System(), adviser(1)
    [item, kept] = waiting(member, 2)
    queue.take(agent=agent, item=item)
    Item.objects.filter(pk=kept.pk).update(reserved_for=agent)
    for held in (item, kept):
        answer = system.post(f"documents/{held.document_id}/decision", {"outcome": "accept"})
        assert code_of(answer) == "in-hand"
    queue.give_back(agent=agent, item=item)
    assert system.post(f"documents/{item.document_id}/decision", {"outcome": "accept"}).status_code == 202


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"outcome": "refuse"}, "reason"),
        ({"outcome": "refuse", "reason": "parce_que"}, "reason"),
        ({"outcome": "accept", "reason": "rib_illisible"}, "reason"),
        ({"outcome": "refuse", "reason": "rib_illisible", "until": "2030-01-01"}, "until"),
        ({"outcome": "correct", "reason": "rib_illisible", "until": "2020-01-01"}, "until"),
        ({"outcome": "correct", "reason": "rib_illisible", "until": 3}, "until"),
        ({"outcome": "refuse", "reason": "rib_illisible", "words": {"en": "Not readable."}}, "words/fr"),
        ({"outcome": "correct", "reason": "rib_illisible", "words": {"fr": "", "en": "No."}}, "words/fr"),
        ({"outcome": "accept", "words": {"fr": "", "en": "Thanks."}}, "words"),
        ({"outcome": "accept", "reason": None, "until": "2030-01-01"}, "until"),
        ({"outcome": "correct", "reason": "rib_illisible", "until": "3026-01-01"}, "until"),
        ({"outcome": "refuse", "reason": None}, "reason"),
        ({"outcome": "refuse", "reasons": ["rib_illisible", "parce_que"]}, "reason"),
        ({"outcome": "accept", "reasons": ["rib_illisible"]}, "reasons"),
        ({"outcome": "keep"}, "outcome"),
        ({"outcome": "accept", "extra": 1}, "extra"),
    ],
)
def test_a_decision_that_is_not_well_said_is_refused(member: Member, body: dict[str, Any], at: str) -> None:
    [item] = waiting(member)
    answer = System().post(f"documents/{item.document_id}/decision", body)
    assert code_of(answer) == "invalid"
    [fault] = faults_of(answer)
    assert fault["at"] == at
    assert not Decision.objects.exists()


@pytest.mark.any_database
def test_what_is_empty_in_a_decision_is_not_said_however_it_is_written(member: Member) -> None:
    system = System()
    empty = [
        {"reason": "", "words": {"fr": "", "en": ""}, "until": None},
        {"reason": None, "words": {"fr": None, "en": None}, "until": ""},
        {"reason": None, "words": {}, "until": None},
        {"words": None},
    ]
    items = iter(waiting(member, 3 * len(empty)))
    for outcome in ("accept", "refuse", "correct"):
        taken = []
        for said in empty:
            reason = {} if outcome == "accept" else {"reason": "rib_illisible"}
            body = {"outcome": outcome} | said | reason
            answer = system.post(f"documents/{next(items).document_id}/decision", body)
            assert answer.status_code == 202, answer.content
            taken.append(answer.json() | {"settles_at": ""})
        assert taken == [taken[0]] * len(empty)
    settle_all()
    again = waiting(member, 3)
    for item, row in zip(again, Decision.objects.order_by("at")[2::4], strict=True):
        made = system.get(f"documents/{row.item.document_id}").json()["decision"]
        assert system.post(f"documents/{item.document_id}/decision", made).status_code == 202


def test_each_refusal_of_a_decision_has_a_code_for_programs() -> None:
    assert set(FAULTS_OF) == set(deciding.CannotDecide.__subclasses__())


def test_an_agent_reads_where_a_system_has_stored_it(member: Member) -> None:
    system = System()
    document = drawn(member)
    address = f"documents/{document.pk}/acknowledgement"
    for reference in ("GED-1", "GED-1", "GED-2"):
        assert system.post(address, {"reference": reference}).json()["reference"] == reference
    assert Entry.objects.filter(event="vault.document_acknowledged").count() == 2
    enter_checked()
    browser = signed_in(make_agent(Role.ADVISER))
    for page in (f"/gestion/documents/{document.pk}/", f"/gestion/traiter/{document.pk}/"):
        shown = browser.get(page)
        if shown.status_code == 200:
            assert "GED-2" in shown.content.decode()
    assert "GED-2" in browser.get(f"/gestion/documents/{document.pk}/").content.decode()
    assert code_of(system.post(address, {"reference": ""})) == "invalid"
    assert code_of(system.post(address, {"reference": "a\nb"})) == "invalid"


def test_the_same_call_again_works_once_and_gets_the_same_answer(member: Member) -> None:
    system, other = System(), System("autre")
    [item, second] = waiting(member, 2)
    address, body = f"documents/{item.document_id}/decision", {"outcome": "accept"}
    first = system.post(address, body, key="k1")
    again = system.post(address, body, key="k1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Decision.objects.count() == 1
    assert code_of(system.post(address, body | {"reason": "x"}, key="k1")) == "idempotency-key-reused"
    # Its key is of this client and this address.
    assert code_of(other.post(address, body, key="k1")) == "already-decided"
    assert system.post(f"documents/{second.document_id}/decision", body, key="k1").status_code == 202
    # A refusal that stays is given again; one that may pass is not.
    late = system.post(address, body, key="k2")
    assert code_of(late) == "already-decided"
    assert system.post(address, body, key="k2").content == late.content
    assert code_of(system.post(address, body, key="é")) == "bad-idempotency-key"
    for row in StoredAnswer.objects.all():
        assert json.loads(row.answer)["status"] in (202, 409)
    with travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        assert code_of(system.post(address, body, key="k1")) == "already-decided"  # it is forgotten
        assert sum(apply(due) for due in answers()) == 3
        assert StoredAnswer.objects.count() == 1


def test_an_answer_that_may_be_better_next_time_is_not_kept(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System()
    [item] = waiting(member)
    address, body = f"documents/{item.document_id}/decision", {"outcome": "accept"}
    with monkeypatch.context() as patched:
        patched.setattr(deciding, "drafts", None)  # it breaks after the decision's row is written
        assert code_of(system.post(address, body, key="k1")) == "server-error"
    assert not Decision.objects.exists()
    assert not StoredAnswer.objects.exists()
    assert system.post(address, body, key="k1").status_code == 202
