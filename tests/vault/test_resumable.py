"""The tus protocol as its text says it (https://tus.io/protocols/resumable-upload), and whom it answers."""

import hashlib
import itertools
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, PendingFile, Upload, UploadPart
from adherents.vault.uploads import services as resuming
from tests.vault.conftest import browser_of, objects_in, send, waiting
from tests.vault.tus_client import FILES
from tests.vault.tus_requests import LARGE, MOST, TUS, announce, asked, bring, encoded, half

pytestmark = pytest.mark.django_db


def test_options_tells_versions_extensions_and_the_largest_size(signed_in: Client) -> None:
    answer = signed_in.options(FILES)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,expiration,termination"
    assert answer["Tus-Max-Size"] == str(MOST)


def test_a_file_is_announced_brought_whole_and_waits_for_its_deposit(
    signed_in: Client, member: Member, objects_folder: Any
) -> None:
    made = announce(signed_in, LARGE, "relevé d’octobre.pdf")
    assert made.status_code == 201
    assert made["Tus-Resumable"] == "1.0.0"
    assert re.fullmatch(FILES + "[0-9a-f-]{36}/", made["Location"])
    before = asked(signed_in, made["Location"])
    assert (before["Upload-Offset"], before["Upload-Length"]) == ("0", str(len(LARGE)))
    assert "no-store" in before["Cache-Control"]
    answer = bring(signed_in, made["Location"], LARGE)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(LARGE)))
    arrived = PendingFile.objects.get(member=member)
    assert arrived.name == "relevé d’octobre.pdf"
    assert b"".join(clear_bytes(arrived)) == LARGE
    after = asked(signed_in, made["Location"])
    assert (after.status_code, after["Upload-Offset"]) == (200, str(len(LARGE)))
    assert len(objects_in(objects_folder)) == 1
    assert not Upload.objects.exists()
    assert not UnclaimedObject.objects.exists()
    assert send(signed_in, order=waiting()).status_code == 302
    document = Document.objects.get()
    assert document.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert str(document.pk) in made["Location"]


def test_a_file_that_came_in_three_goes_is_one_object_and_reads_whole(
    signed_in: Client, objects_folder: Any
) -> None:
    address = announce(signed_in, LARGE)["Location"]
    cuts = [0, 5000, len(LARGE) - 700, len(LARGE)]
    for start, end in itertools.pairwise(cuts):
        assert asked(signed_in, address)["Upload-Offset"] == str(start)
        answer = bring(signed_in, address, LARGE[start:end], start)
        assert (answer.status_code, answer["Upload-Offset"]) == (204, str(end))
    arrived = PendingFile.objects.get()
    assert b"".join(clear_bytes(arrived)) == LARGE
    assert [path.name for path in objects_in(objects_folder)] == [arrived.storage_name.rsplit("/", 1)[-1]]
    assert not UploadPart.objects.exists()
    assert not UnclaimedObject.objects.exists()


def test_no_clear_byte_touches_the_disk_between_two_goes(signed_in: Client, objects_folder: Any) -> None:
    half(signed_in)
    [part] = objects_in(objects_folder)
    assert b"%PDF" not in part.read_bytes()
    assert b"stream" not in part.read_bytes()
    assert UploadPart.objects.get().size == len(LARGE) // 2


def test_each_part_opens_at_its_own_place_only(signed_in: Client) -> None:
    address = announce(signed_in, LARGE)["Location"]
    for start, end in ((0, 5000), (5000, 9000)):
        bring(signed_in, address, LARGE[start:end], start)
    first, second = UploadPart.objects.all()
    assert b"".join(clear_bytes(second)) == LARGE[5000:9000]
    UploadPart.objects.filter(pk=second.pk).update(offset=6000)
    with pytest.raises(resuming.Altered):
        list(clear_bytes(UploadPart.objects.get(pk=second.pk)))
    assert bytes(first.wrapped_key) != bytes(second.wrapped_key)


@pytest.mark.parametrize("offset", [1, 4999, 5001, 10**15])
def test_bytes_that_do_not_follow_are_a_conflict_and_change_nothing(signed_in: Client, offset: int) -> None:
    address = half(signed_in, at=5000)
    answer = bring(signed_in, address, b"x" * 10, offset)
    assert (answer.status_code, answer["Upload-Offset"]) == (409, "5000")
    assert asked(signed_in, address)["Upload-Offset"] == "5000"
    assert bring(signed_in, address, LARGE[5000:], 5000).status_code == 204


def test_more_bytes_than_announced_are_refused(signed_in: Client) -> None:
    address = half(signed_in)
    assert bring(signed_in, address, b"x" * len(LARGE), len(LARGE) // 2).status_code == 400
    assert asked(signed_in, address)["Upload-Offset"] == str(len(LARGE) // 2)


def test_no_bytes_at_all_change_nothing(signed_in: Client, objects_folder: Any) -> None:
    address = half(signed_in)
    nothing = {"Content-Type": "application/offset+octet-stream", "Content-Length": "0"}
    answer = bring(signed_in, address, b"", len(LARGE) // 2, **nothing)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(LARGE) // 2))
    assert len(objects_in(objects_folder)) == 1


def test_bytes_of_another_content_type_are_refused(signed_in: Client) -> None:
    address = announce(signed_in, LARGE)["Location"]
    answer = signed_in.patch(
        address, LARGE, content_type="application/pdf", headers={**TUS, "Upload-Offset": "0"}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_told_which_one_we_speak(
    signed_in: Client, version: str | None
) -> None:
    headers = {"Upload-Length": "10"} | ({"Tus-Resumable": version} if version else {})
    answer = signed_in.post(FILES, headers=headers)
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "-1"},
        {"Upload-Length": "ten"},
        {"Upload-Defer-Length": "1"},
        {"Upload-Length": "10", "Upload-Metadata": "filename pas-du-base64!"},
        {"Upload-Length": "10", "Upload-Metadata": "filename été.pdf"},  # as a server reads any byte
        {"Upload-Length": "10", "Upload-Metadata": "filename YQ==,filename Yg=="},
        {"Upload-Length": "10", "Upload-Metadata": ",,"},
        {"Upload-Length": "10", "Upload-Metadata": encoded(sha256="court")},
    ],
)
def test_an_announcement_that_says_nothing_sensible_is_refused(
    signed_in: Client, headers: dict[str, str]
) -> None:
    assert signed_in.post(FILES, headers=TUS | headers).status_code == 400
    assert not Upload.objects.exists()


def test_metadata_may_have_a_key_without_a_value(signed_in: Client) -> None:
    headers = {**TUS, "Upload-Length": "10", "Upload-Metadata": "is_confidential,filename YS5wZGY="}
    assert signed_in.post(FILES, headers=headers).status_code == 201
    assert Upload.objects.get().name == "a.pdf"


def test_a_file_that_is_taken_back_is_gone_with_its_bytes(signed_in: Client, objects_folder: Any) -> None:
    address = half(signed_in)
    assert signed_in.delete(address, headers=TUS).status_code == 204
    assert asked(signed_in, address).status_code == 404
    assert bring(signed_in, address, LARGE[:10]).status_code == 404
    assert signed_in.delete(address, headers=TUS).status_code == 404
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_a_whole_file_can_be_taken_back_too(signed_in: Client, objects_folder: Any) -> None:
    address = announce(signed_in, LARGE)["Location"]
    bring(signed_in, address, LARGE)
    assert signed_in.delete(address, headers=TUS).status_code == 204
    assert not PendingFile.objects.exists()
    assert not objects_in(objects_folder)


def test_methods_can_come_in_a_post_and_never_in_a_get(signed_in: Client) -> None:
    address = half(signed_in)
    assert signed_in.get(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 400
    assert Upload.objects.exists()
    rest = LARGE[len(LARGE) // 2 :]
    answer = signed_in.post(
        address,
        rest,
        content_type="application/offset+octet-stream",
        headers={
            **TUS,
            "Upload-Offset": str(len(LARGE) - len(rest)),
            "X-HTTP-Method-Override": "PATCH",
        },
    )
    assert answer.status_code == 204
    assert PendingFile.objects.exists()


@pytest.mark.parametrize("method", ["get", "put"])
def test_other_methods_are_not_allowed(signed_in: Client, method: str) -> None:
    address = half(signed_in)
    for path in (FILES, address):
        answer = getattr(signed_in, method)(path, headers=TUS)
        assert answer.status_code == 405
        assert answer["Allow"]


def test_anothers_file_does_not_exist(signed_in: Client, other_member: Member) -> None:
    address, whole = half(signed_in), announce(signed_in, LARGE)["Location"]
    bring(signed_in, whole, LARGE)
    other = browser_of(other_member)
    for path in (address, whole, f"{FILES}{uuid.uuid4()}/"):
        assert asked(other, path).status_code == 404
        assert bring(other, path, LARGE[5000:], 5000).status_code == 404
        assert other.delete(path, headers=TUS).status_code == 404
    assert asked(signed_in, address)["Upload-Offset"] == str(len(LARGE) // 2)
    assert PendingFile.objects.exists()


def test_nobody_in_particular_is_told_to_sign_in_and_an_agent_is_refused(
    client: Client, db: None, signed_in: Client
) -> None:
    answer = announce(client, LARGE)
    assert answer.status_code == 401
    assert answer.json()["sentence"].startswith("Votre session est terminée.")
    address = half(signed_in)
    assert asked(client, address).status_code == 401


def test_without_the_forms_token_nothing_enters(member: Member, objects_folder: Any) -> None:
    client = browser_of(member, enforce_csrf_checks=True)
    page = client.get("/adherent/documents/envoyer/").content.decode()
    assert announce(client, LARGE).status_code == 403
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert match
    headers = {**TUS, "Upload-Length": str(len(LARGE)), "X-CSRFToken": match[1]}
    address = client.post(FILES, headers=headers)["Location"]
    assert bring(client, address, LARGE).status_code == 403
    assert client.delete(address, headers=TUS).status_code == 403
    assert not objects_in(objects_folder)
    assert bring(client, address, LARGE, **{"X-CSRFToken": match[1]}).status_code == 204
