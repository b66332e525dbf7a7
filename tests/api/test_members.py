"""The register through the API: addresses, statuses and shapes. What is done there is `tests/members/test_one_person.py`'s."""

import io
import json
import logging
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adherents.api.models import StoredAnswer
from adherents.api.problems import Refused
from adherents.api.scopes import Scope
from adherents.api.services import batches
from adherents.api.views import batches as batch_views
from adherents.api.views import members as views
from adherents.journal.models import Entry
from adherents.members.intake.former import take_number_from
from adherents.members.models import Beneficiary, Member
from adherents.members.services import batch
from adherents.members.services.accounts import attach_account
from adherents.portal.history import entries_about, line
from tests.api.systems import System, code_of, faults_of
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, TWIN_ZOE
from tests.conftest import SLOW_IS_NO_FAULT
from tests.database_contents import as_stored
from tests.members.doors import child, said, said_of
from tests.members.importing import CAST

pytestmark = pytest.mark.django_db
ONE = f"members/{CAMILLE.number}"
CHILD = f"{ONE}/beneficiaries/1"
NDJSON = "application/x-ndjson"


@pytest.fixture
def system() -> System:
    return System()


def send(system: System, method: str, path: str, body: object, match: str | None = None) -> Any:
    headers = {"If-Match": match} if match is not None else {}
    return system.call(method, path, data=json.dumps(body), content_type="application/json", headers=headers)


def send_batch(system: System, *people: dict[str, str] | bytes, key: str = "", dry: str = "") -> Any:
    lines = [person if isinstance(person, bytes) else json.dumps(person).encode() for person in people]
    return system.call(
        "POST",
        "members/batch" + (f"?dry={dry}" if dry else ""),
        data=b"\n".join(lines),
        content_type=NDJSON,
        headers={"Idempotency-Key": key} if key else {},
    )


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == NDJSON
    return [json.loads(line) for line in answer.content.splitlines()]


def outcomes(answer: Any) -> list[str]:
    return [line["outcome"] for line in lines_of(answer)]


def test_a_member_is_put_read_changed_and_ended(system: System) -> None:
    assert code_of(system.get(ONE)) == "not-found"
    made = send(system, "PUT", ONE, said(CAMILLE))
    assert made.status_code == 201
    assert made.json() == {
        "id": Member.objects.get().pk,
        "number": CAMILLE.number,
        "former_number": None,
        "nir": Member.objects.get().masked_nir,
        "birth_name": "Dupont",
        "usual_name": None,
        "first_names": "Camille, Rose",
        "birth_date": CAMILLE.birth_date,
        "birth_department": CAMILLE.department,
        "email": CAMILLE.email,
        "phone": None,
        "language": "fr",
        "start_date": "2020-01-01",
        "end_date": None,
    }
    assert CAMILLE.nir[5:] not in made.content.decode().replace("\u202f", "").replace(" ", "")
    assert send(system, "PUT", ONE, said(CAMILLE)).status_code == 200
    read = system.get(f"members/{CAMILLE.number.lower()}")
    assert read.json() == made.json()
    assert read.headers["ETag"] == made.headers["ETag"]
    changed = send(system, "PATCH", ONE, {"phone": "04 76 60 56 36"})
    assert (changed.status_code, changed.json()["phone"]) == (200, "0476605636")
    assert changed.headers["ETag"] != made.headers["ETag"]
    assert system.call("DELETE", ONE).status_code == 204
    assert system.call("DELETE", ONE).status_code == 204
    assert system.get(ONE).json()["end_date"] is not None
    assert code_of(send(system, "PATCH", ONE, {})) == "ended"
    assert send(system, "PUT", ONE, said(CAMILLE)).status_code == 200
    consulted = Entry.objects.filter(event="casework.member_consulted")
    assert {entry.actor for entry in consulted} == {system.row.subject}
    calls = Entry.objects.filter(event="client.called")
    assert {entry.details["about"] for entry in calls if "about" in entry.details} == {
        Member.objects.get().subject
    }


def test_the_member_reads_what_the_insurers_system_did(system: System) -> None:
    send(system, "PUT", ONE, said(CAMILLE))
    member = Member.objects.get()
    account = attach_account(member=member)
    send(system, "PUT", CHILD, child(CAMILLE))
    system.get(CHILD)
    system.call("DELETE", CHILD)
    system.call("DELETE", ONE)
    read = [line(entry).words for entry in entries_about(account=account, member=member)]
    theirs = [words for words in read if words.startswith("Votre mutuelle (système de gestion) a ")]
    assert [words.rpartition("gestion) a ")[2] for words in theirs] == [
        "mis fin à votre adhésion.",
        "mis fin aux droits d’un de vos bénéficiaires.",
        "consulté votre dossier.",
        "mis à jour les données d’un de vos bénéficiaires.",
        "mis vos données à jour.",
    ]


def test_a_beneficiary_is_put_read_changed_and_ended(system: System) -> None:
    assert code_of(send(system, "PUT", CHILD, child(CAMILLE))) == "not-found"
    send(system, "PUT", ONE, said(CAMILLE))
    made = send(system, "PUT", CHILD, child(CAMILLE) | {"nir": TWIN_ZOE.nir})
    assert made.status_code == 201
    assert made.json() | {"nir": ""} == {
        "number": CAMILLE.number,
        "rank": 1,
        "nir": "",
        "birth_name": "Dupont",
        "usual_name": None,
        "first_names": "Noé",
        "birth_date": "2015-07-14",
        "relation": "enfant",
        "start_date": None,
        "end_date": None,
    }
    assert system.get(CHILD).json() == made.json()
    assert send(system, "PATCH", CHILD, {"relation": "autre"}).json()["relation"] == "autre"
    other = {"first_names": "Paul", "birth_date": "2020-02-01", "birth_name": "Dupont"}
    assert code_of(send(system, "PUT", CHILD, other)) == "person-changed"
    assert code_of(send(system, "PATCH", CHILD, {}, match=made.headers["ETag"])) == "precondition-failed"
    assert system.call("DELETE", CHILD).status_code == 204
    assert code_of(send(system, "PATCH", CHILD, {})) == "ended"
    assert code_of(system.get(f"{ONE}/beneficiaries/x")) == "not-found"
    assert Beneficiary.objects.get().gone_at is not None


def test_a_number_may_have_slashes_in_it(system: System) -> None:
    for number in ("12/B", "12%2FC"):
        assert send(system, "PUT", f"members/{number}", said(CAMILLE, number="")).status_code == 201
        assert system.get(f"members/{number}").status_code == 200
    covered = send(system, "PUT", "members/12/B/beneficiaries/2", child(CAMILLE, number="", rank=2))
    assert covered.status_code == 201
    assert set(Member.objects.values_list("number", flat=True)) == {"12/B", "12/C"}


def test_a_change_of_person_is_409_and_a_stale_one_412(system: System) -> None:
    etag = send(system, "PUT", ONE, said(CAMILLE)).headers["ETag"]
    before = as_stored(Member.objects.all())
    for method in ("PUT", "PATCH"):
        swapped = send(system, method, ONE, said(JEAN_FRANCOIS, number=""))
        assert code_of(swapped) == "person-changed"
        assert "The API does not give it again" in swapped.json()["detail"]
    for match in ('"0"', f"W/{etag}", "nonsense", ""):
        for method in ("PUT", "PATCH", "DELETE"):
            stale = send(system, method, ONE, said(CAMILLE, phone="0102030405"), match=match)
            assert (stale.status_code, code_of(stale)) == (412, "precondition-failed")
    assert as_stored(Member.objects.all()) == before
    assert (
        code_of(send(system, "PUT", "members/9", said(KARIM, number=""), match="*")) == "precondition-failed"
    )
    assert send(system, "PATCH", ONE, {"phone": "0102030405"}, match=f'"0", {etag}').status_code == 200
    assert send(system, "PUT", ONE, said(CAMILLE), match="*").status_code == 200
    for star in ('"*"', "x*y", '*, "0"'):  # a star is « any » where it is alone, and nowhere else
        assert code_of(send(system, "PUT", ONE, said(CAMILLE), match=star)) == "precondition-failed"


def test_wrong_fields_are_named_and_their_content_is_nowhere(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = said(CAMILLE, email="secret-address", nir="254033818504299", birth_date="05/03/1954")
    for answer in (send(system, "PUT", ONE, wrong), send_batch(system, wrong)):
        if answer.status_code == 422:
            faults = faults_of(answer)
        else:
            [line] = lines_of(answer)
            assert (line["status"], line["outcome"]) == (422, "refused")
            assert line["type"].endswith("/problems/invalid")
            faults = line["errors"]
            assert {fault["code"] for fault in faults} == {"refused"}
        assert {fault["at"] for fault in faults} == {"nir", "email", "birth_date"}
        assert "YYYY-MM-DD" in str(faults)  # in English, whatever the language of the call
        assert "secret" not in str(faults)
    typed = send(system, "PUT", ONE, {"phone": 4766, "secret": "secret-address"})
    assert {fault["at"] for fault in typed.json()["errors"]} == {"phone", "secret"}
    assert code_of(send(system, "PUT", ONE, said(CAMILLE, number=EVE.number))) == "invalid"
    assert code_of(send(system, "PUT", "members/é", said(CAMILLE, number=""))) == "invalid"
    told = caplog.text + str([entry.details for entry in Entry.objects.all()])
    for secret in ("secret-address", "25403", "Dupont", CAMILLE.number):
        assert secret not in told
    assert not Member.objects.exists()


def test_members_are_listed_a_page_at_a_time_and_stay_in_their_order(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ITEMS", 4)
    send_batch(system, *(said_of(line) for line in CAST))
    with transaction.atomic():
        Member.objects.filter(number=KARIM.number).update(gone_at=timezone.now())
        take_number_from(KARIM.number, actor="agent:1")
    numbers: list[str] = []
    cursor = ""
    for page in range(4):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = system.get(f"members?cursor={cursor}").json()
        assert len([query for query in queries if "members_member" in query["sql"]]) == 1
        numbers += [item["number"] for item in answer["items"]]
        if page == 0:
            system.call("DELETE", f"members/{numbers[1]}")
            send(system, "PATCH", f"members/{numbers[0]}", {"phone": "0102030405"})
        cursor = answer["next"]
        if cursor is None:
            break
    assert numbers == [line["numero_adherent"] for line in CAST if line["numero_adherent"] != KARIM.number]
    assert code_of(system.get("members?cursor=x")) == "bad-cursor"


def test_the_journal_says_which_members_a_list_gave_and_who_is_asked_for_alone_reads_of_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ITEMS", 4)
    send_batch(system, *(said_of(line) for line in CAST))
    ids = list(Member.objects.order_by("pk").values_list("pk", flat=True))
    looks = Entry.objects.filter(event="casework.member_consulted")
    calls = Entry.objects.filter(event="client.called", details__route="members.list").order_by("-pk")
    assert system.get("members").json()["next"]
    assert calls[0].details["about"] == f"member:{ids[0]}-{ids[3]}"
    assert not looks.exists()
    [item] = system.get(f"members?id={ids[1]}").json()["items"]
    assert Member.objects.get(number=item["number"]).pk == ids[1]
    assert calls[0].details["about"] == f"member:{ids[1]}"
    assert [look.subject for look in looks] == [f"member:{ids[1]}"]
    assert system.get(f"members?id={ids[-1] + 1}").json()["items"] == []
    assert "about" not in calls[0].details


def test_the_scope_to_read_writes_nothing_and_the_other_way_round() -> None:
    reader = System("lecteur", scopes=[Scope.MEMBERS_READ])
    writer = System("redacteur", scopes=[Scope.MEMBERS_WRITE])
    for path in (ONE, CHILD):
        for method in ("PUT", "PATCH", "DELETE"):
            assert code_of(send(reader, method, path, {})) == "missing-scope"
        assert code_of(writer.get(path)) == "missing-scope"
    assert code_of(send_batch(reader, said(CAMILLE))) == "missing-scope"
    assert code_of(writer.get("members")) == "missing-scope"
    assert not Member.objects.exists()


def test_a_batch_has_an_answer_a_line_and_twice_changes_nothing(system: System) -> None:
    lines = [said_of(line) for line in CAST]
    assert outcomes(send_batch(system, *lines, dry="true")) == ["created"] * 9
    assert not Member.objects.exists()
    first = lines_of(send_batch(system, *lines, b"", said(JEAN_FRANCOIS, number=CAMILLE.number), b"{"))
    assert [(line["line"], line["status"]) for line in first] == [
        *((place, 201) for place in range(1, 10)),
        (11, 422),
        (12, 422),
    ]
    before = as_stored(Member.objects.order_by("pk"))
    assert outcomes(send_batch(system, *lines)) == ["unchanged"] * 9
    [other] = lines_of(send_batch(system, said(JEAN_FRANCOIS, number=CAMILLE.number)))
    assert (other["number"], other["status"]) == (CAMILLE.number, 409)
    assert other["type"].endswith("/problems/person-changed")
    [why] = other["errors"]
    assert (why["at"], why["code"]) == ("", "person_changed")
    assert "The API does not give it again" in why["message"]
    assert as_stored(Member.objects.order_by("pk")) == before
    shifted = [line | {"number": CAST[place - 1]["numero_adherent"]} for place, line in enumerate(lines)]
    assert code_of(send_batch(system, *shifted)) == "persons-changed"
    assert as_stored(Member.objects.order_by("pk")) == before


def test_a_batch_under_a_key_gives_each_line_its_answer_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = said(CAMILLE), said(EVE)
    first = lines_of(send_batch(system, one, said(KARIM, email="x"), one, key="nuit"))
    assert [line["outcome"] for line in first] == ["created", "refused", "refused"]
    assert lines_of(send_batch(system, one, said(KARIM, email="x"), one, key="nuit")) == first
    # What is left, and what was answered, in another order: each line has its own answer.
    Member.objects.all().delete()
    assert outcomes(send_batch(system, two, one, key="nuit")) == ["created", "created"]
    assert Member.objects.get().number == EVE.number
    assert outcomes(send_batch(system, one, key="autre")) == ["created"]
    assert outcomes(send_batch(System("second"), one, key="nuit")) == ["unchanged"]
    [kept] = StoredAnswer.objects.filter(client=system.row, answer__gt="")[:1]
    assert CAMILLE.number not in str(as_stored(StoredAnswer.objects.all()))
    assert CAMILLE.number in kept.answer
    monkeypatch.setattr(batches, "LINES_AT_MOST", 5)
    answer = send_batch(system, said(TWIN_ZOE), said(JEAN_FRANCOIS), key="nuit")
    assert code_of(answer) == "idempotency-key-reused"
    assert (
        code_of(send_batch(system, one, key="no\u00e9".encode().decode("latin-1"))) == "bad-idempotency-key"
    )


def test_a_batch_has_bounds(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_views, "BATCH_BYTES", 2_000)
    assert code_of(send_batch(system, b"x" * 2_001)) == "too-large"
    assert code_of(system.post("members/batch", {})) == "unsupported-media-type"
    cut = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "1500", "wsgi.input": io.BytesIO(b"{}")}
    with pytest.raises(Refused, match="bad-request"):
        batch_views._lines(WSGIRequest(cut))
    assert not Member.objects.exists()
    monkeypatch.setattr(batch, "LINES_AT_MOST", 2)
    assert code_of(send_batch(system, *[b"{}"] * 3)) == "too-large"
    assert outcomes(send_batch(system, b"{}", b"", b"{}", b"", b"")) == ["refused"] * 2
    monkeypatch.setattr(batch_views, "LINES_AT_MOST", 2)
    assert code_of(send_batch(system, b"{}", *[b""] * 5)) == "too-large"
    assert system.get("members/batch").status_code == 405


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ANY_VALUE = st.one_of(st.none(), ANY_TEXT, st.integers(), st.booleans(), st.lists(ANY_TEXT, max_size=2))
NEARLY = st.one_of(
    ANY_VALUE, st.sampled_from([*said(CAMILLE).values(), "1954-00-00", "0000-00-00", "\x00", "\ud800"])
)


@pytest.mark.any_database
@settings(suppress_health_check=[*SLOW_IS_NO_FAULT, HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    fields=st.dictionaries(st.sampled_from([*said(CAMILLE), "other"]), NEARLY),
    lines=st.lists(st.binary(max_size=60)),
)
def test_whatever_is_sent_is_answered(system: System, fields: dict[str, Any], lines: list[bytes]) -> None:
    whole = said(CAMILLE) | fields
    for method in ("PUT", "PATCH"):
        assert send(system, method, ONE, whole).status_code in {200, 201, 404, 409, 422}
    answers = lines_of(send_batch(system, *lines, json.dumps(whole).encode()))
    assert {line["status"] for line in answers} <= {200, 201, 409, 422}
    assert answers[-1]["line"] == 1 + sum(line.count(b"\n") + 1 for line in lines)
