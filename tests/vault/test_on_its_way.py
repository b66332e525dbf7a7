"""A file on its way: refused in words, ended after a day, whole whatever breaks, deposited in the order of the page."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, PendingFile, Upload
from adherents.vault.refusals import FileRefusal
from adherents.vault.services import receiving
from adherents.vault.services.verification import Pace, Verified, verify_everything
from adherents.vault.uploads import services as resuming
from adherents.vault.views import sending as page
from tests.vault.conftest import SENDING, browser_of, objects_in, pdf, picture, send, upload
from tests.vault.tus_client import FILES
from tests.vault.tus_requests import LARGE, MOST, TUS, announce, asked, bring, half

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"PK\x03\x04" + b"word/document.xml" * 500, 415, FileRefusal.FORMAT),
        (pdf(40)[:9000], 422, FileRefusal.CUT),
        (pdf(password="secret"), 422, FileRefusal.ENCRYPTED),
        (b"court", 415, FileRefusal.FORMAT),
    ],
)
@pytest.mark.parametrize("goes", [1, 2])
def test_what_cannot_enter_is_refused_in_words_and_leaves_nothing(
    signed_in: Client, objects_folder: Any, content: bytes, status: int, reason: FileRefusal, goes: int
) -> None:
    address = announce(signed_in, content)["Location"]
    at = 0
    if goes == 2 and len(content) > 5000 and reason != FileRefusal.FORMAT:
        at = 4500
        bring(signed_in, address, content[:at])
    answer = bring(signed_in, address, content[at:], at)
    assert answer.status_code == status
    assert answer.json() == {"reason": reason.value, "sentence": str(reason.label)}
    assert asked(signed_in, address).status_code == 404
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


@pytest.mark.parametrize(
    ("length", "status", "reason"), [(0, 422, FileRefusal.EMPTY), (MOST + 1, 413, FileRefusal.TOO_LARGE)]
)
def test_a_size_that_cannot_enter_is_refused_before_a_byte_of_it_comes(
    signed_in: Client, length: int, status: int, reason: FileRefusal
) -> None:
    answer = signed_in.post(FILES, headers={**TUS, "Upload-Length": str(length)})
    assert (answer.status_code, answer.json()["sentence"]) == (status, str(reason.label))


def test_the_twenty_first_file_is_refused_whole_and_half_ones_counted(signed_in: Client) -> None:
    small = picture("PNG", (8, 8))
    for number in range(10):
        bring(signed_in, announce(signed_in, small, f"{number}.png")["Location"], small)
        half(signed_in)
    answer = announce(signed_in, small)
    assert (answer.status_code, answer.json()["reason"]) == (422, "too_many")
    signed_in.delete(f"{FILES}{Upload.objects.first().pk}/", headers=TUS)  # type: ignore[union-attr]
    assert announce(signed_in, small).status_code == 201


def test_the_plain_form_counts_the_files_on_their_way_for_its_own_sending(signed_in: Client) -> None:
    for number in range(19):
        announce(signed_in, LARGE, f"{number}.pdf")
    small = picture("PNG", (8, 8))
    send(signed_in, upload(small, "1.png"), upload(small, "2.png"), sending=SENDING)
    assert [document.name for document in Document.objects.all()] == ["1.png"]
    send(signed_in, upload(small, "3.png"), upload(small, "4.png"))
    assert {document.name for document in Document.objects.all()} == {"1.png", "3.png", "4.png"}


def test_a_whole_that_is_not_what_the_sender_had_is_refused(signed_in: Client, objects_folder: Any) -> None:
    right = hashlib.sha256(LARGE).hexdigest()
    other = LARGE[:6000] + b"%" + LARGE[6001:]
    address = half(signed_in, sha256=right)
    answer = bring(signed_in, address, other[len(LARGE) // 2 :], len(LARGE) // 2)
    assert answer.status_code == 204
    address = announce(signed_in, LARGE, sha256=right)["Location"]
    bring(signed_in, address, other[:9000])
    answer = bring(signed_in, address, LARGE[9000:], 9000)
    assert (answer.status_code, answer.json()["reason"]) == (422, "cut")
    assert len(objects_in(objects_folder)) == 1


def test_an_upload_that_nobody_goes_on_with_ends_after_a_day(signed_in: Client, objects_folder: Any) -> None:
    with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
        address = half(signed_in, at=5000)
        assert asked(signed_in, address)["Upload-Expires"] == "Tue, 24 Nov 2026 10:00:00 GMT"
        clock.shift(11 * 3600)
        signed_in = browser_of(Member.objects.get(uploads__isnull=False))
        bring(signed_in, address, LARGE[5000:6000], 5000)
        clock.shift(23 * 3600)
        assert resuming.sweep_expired() == 0
        signed_in = browser_of(Member.objects.get(uploads__isnull=False))
        assert asked(signed_in, address)["Upload-Offset"] == "6000"
        clock.shift(2 * 3600)
        signed_in = browser_of(Member.objects.get(uploads__isnull=False))
        assert asked(signed_in, address).status_code == 404
        assert resuming.sweep_expired() == 1
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_what_came_before_the_connection_broke_stays(member: Member, signed_in: Client) -> None:
    begun = resuming.begin_upload(member=member, name="a.pdf", length=len(LARGE))

    def broken(start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, 1000):
            yield LARGE[at : min(at + 1000, end)]

    at = resuming.receive(
        member=member, upload_id=begun.pk, offset=0, length=len(LARGE), chunks=broken(0, 7300)
    )
    assert at.offset == 7300
    at = resuming.receive(
        member=member,
        upload_id=begun.pk,
        offset=7300,
        length=len(LARGE) - 7300,
        chunks=broken(7300, 9999),
    )
    assert at.offset == 9999
    bring(signed_in, f"{FILES}{begun.pk}/", LARGE[9999:], 9999)
    assert b"".join(clear_bytes(PendingFile.objects.get())) == LARGE


def test_while_bytes_come_another_request_is_told_to_wait(signed_in: Client, member: Member) -> None:
    address = half(signed_in, at=5000)
    begun = Upload.objects.get()

    def meanwhile() -> Iterator[bytes]:
        yield LARGE[5000:6000]
        assert asked(signed_in, address).status_code == 423
        answer = bring(signed_in, address, LARGE[5000:], 5000)
        assert (answer.status_code, answer["Retry-After"]) == (423, "2")
        yield LARGE[6000:]

    at = resuming.receive(
        member=member, upload_id=begun.pk, offset=5000, length=len(LARGE) - 5000, chunks=meanwhile()
    )
    assert at.offset == len(LARGE)
    assert b"".join(clear_bytes(PendingFile.objects.get())) == LARGE


def test_who_was_thought_dead_loses_and_the_file_stays_whole(
    signed_in: Client, member: Member, objects_folder: Any
) -> None:
    address = half(signed_in, at=5000)
    begun = Upload.objects.get()

    def silent() -> Iterator[bytes]:
        yield LARGE[5000:6000]
        Upload.objects.update(leased_until=begun.at)
        assert bring(signed_in, address, LARGE[5000:9000], 5000).status_code == 204
        yield LARGE[6000:]

    with pytest.raises(resuming.Busy):
        resuming.receive(
            member=member, upload_id=begun.pk, offset=5000, length=len(LARGE) - 5000, chunks=silent()
        )
    assert asked(signed_in, address)["Upload-Offset"] == "9000"
    bring(signed_in, address, LARGE[9000:], 9000)
    assert b"".join(clear_bytes(PendingFile.objects.get())) == LARGE
    assert len(objects_in(objects_folder)) == 1


def test_a_file_taken_back_while_it_comes_is_gone(
    signed_in: Client, member: Member, objects_folder: Any
) -> None:
    begun = resuming.begin_upload(member=member, name="a.pdf", length=len(LARGE))

    def meanwhile() -> Iterator[bytes]:
        yield LARGE[:6000]
        assert signed_in.delete(f"{FILES}{begun.pk}/", headers=TUS).status_code == 204
        yield LARGE[6000:]

    with pytest.raises(resuming.Busy):
        resuming.receive(member=member, upload_id=begun.pk, offset=0, length=len(LARGE), chunks=meanwhile())
    assert not PendingFile.objects.exists()
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_a_full_storage_is_said_and_what_came_before_stays(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise StorageFailed("full")

    address = half(signed_in, at=5000)
    fresh = announce(signed_in, LARGE)["Location"]
    with monkeypatch.context() as broken:
        broken.setattr(resuming, "Sealer", full)
        broken.setattr(receiving, "Sealer", full)
        for path, at in ((address, 5000), (fresh, 0)):
            answer = bring(signed_in, path, LARGE[at:], at)
            assert (answer.status_code, answer.json()["reason"]) == (503, "not_kept")
    assert asked(signed_in, fresh)["Upload-Offset"] == "0"
    assert bring(signed_in, address, LARGE[5000:], 5000).status_code == 204
    assert bring(signed_in, fresh, LARGE).status_code == 204


def test_a_whole_that_a_crash_left_in_parts_is_made_one_when_it_is_asked_for(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: Any) -> Any:
        raise Killed

    address = half(signed_in, at=5000)
    with monkeypatch.context() as broken:
        broken.setattr(resuming, "_made_whole", killed)
        with pytest.raises(Killed):
            bring(signed_in, address, LARGE[5000:], 5000)
    assert not PendingFile.objects.exists()
    assert asked(signed_in, address)["Upload-Offset"] == str(len(LARGE))
    assert b"".join(clear_bytes(PendingFile.objects.get())) == LARGE


def test_a_part_altered_in_the_storage_ends_the_upload_in_words(
    signed_in: Client, objects_folder: Any
) -> None:
    address = half(signed_in)
    [part] = objects_in(objects_folder)
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    answer = bring(signed_in, address, LARGE[len(LARGE) // 2 :], len(LARGE) // 2)
    assert (answer.status_code, answer.json()["sentence"]) == (422, str(FileRefusal.NOT_KEPT.label))
    assert not objects_in(objects_folder)


def test_files_are_deposited_in_the_order_in_which_the_page_shows_them(signed_in: Client) -> None:
    names = ["c.png", "a.png", "b.png"]
    content = picture("PNG", (8, 8))
    ids = {}
    for name in names:
        address = announce(signed_in, content, name)["Location"]
        bring(signed_in, address, content)
        ids[name] = address.split("/")[-2]
    wanted = ["a.png", "b.png", "c.png"]
    send(signed_in, order=["nonsense", *(ids[name] for name in wanted)])
    assert [document.name for document in Document.objects.order_by("rank")] == wanted


def test_the_page_has_the_client_and_does_without(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with_client = signed_in.get("/adherent/documents/envoyer/").content.decode()
    assert "vault/tus.min.js" in with_client
    assert "data-sending" in with_client
    monkeypatch.setattr(page, "client_is_there", lambda: False)
    without = signed_in.get("/adherent/documents/envoyer/").content.decode()
    assert ".js" not in re.sub(r'"/(static/ui/portal|service-worker)[^"]*"', "", without)
    assert "data-sending" not in without
    assert send(signed_in, upload(pdf())).status_code == 302


def test_a_half_arrived_file_is_shown_and_can_be_taken_back_without_a_script(
    signed_in: Client, member: Member, objects_folder: Any
) -> None:
    half(signed_in, at=5000)
    shown = signed_in.get(f"/adherent/documents/envoyer/?sending={SENDING}").content.decode()
    assert "1 fichier arrivé en partie" in shown
    signed_in.post(f"/adherent/documents/envoyer/{Upload.objects.get().pk}/retirer/")
    assert not Upload.objects.exists()
    assert not objects_in(objects_folder)


def test_verify_vault_reads_the_parts_of_files_on_their_way(signed_in: Client, objects_folder: Any) -> None:
    half(signed_in)
    results: list[object] = []
    seen = Verified()
    for _ in verify_everything(pace=Pace(None), seen=seen, on_finding=results.append):
        pass
    assert not results
    assert seen.files == 1
    [part] = objects_in(objects_folder)
    part.write_bytes(part.read_bytes()[:-1])
    for _ in verify_everything(pace=Pace(None), seen=Verified(), on_finding=results.append):
        pass
    assert len(results) == 1
