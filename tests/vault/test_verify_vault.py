"""`adherents verify_vault`: what is cut, swapped, altered, missing or unclaimed is named; what is whole is left in peace."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.core.management import CommandError, call_command

from adherents.crypto.envelopes import new_document_key, sealed_size, sealing_stream
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import StorageFailed, begin, fresh_name
from adherents.storage.reading import Altered
from adherents.vault.models import Document, Page, PendingFile, Thumbnail
from adherents.vault.services import verification
from adherents.vault.services.attaching import keep_waiting
from adherents.vault.services.reading import download
from adherents.vault.services.receiving import UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.verification import Pace, Verified, verify_everything
from tests.vault.conftest import deposited, pdf

# Bytes that were altered.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
SEGMENT = 1 << 20
LARGE = pdf(2).replace(b"\n", b"\n%" + random.Random(7).randbytes(1_200_000).hex().encode() + b"\n", 1)


class Objects(Protocol):
    """The storage, behind the portal's back."""

    def read(self, name: str) -> bytes: ...
    def write(self, name: str, content: bytes) -> None: ...
    def delete(self, name: str) -> None: ...


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()


class Bucket:
    def __init__(self, client: Any, bucket: str) -> None:
        self.client, self.bucket = client, bucket

    def read(self, name: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=name)["Body"].read()
        return content

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=name, Body=content)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=name)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.any_database)])
def objects(request: pytest.FixtureRequest, objects_folder: Path) -> Objects:
    if request.param == "folder":
        return Folder(objects_folder)
    return Bucket(*request.getfixturevalue("s3_storage"))


def verify() -> str:
    """What the command says when all is well."""
    out = io.StringIO()
    call_command("verify_vault", pace=0, stdout=out)
    return out.getvalue()


def wrong() -> list[str]:
    """The lines about what is not well. It ends with 1 then."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_vault", pace=0, stdout=out)
    assert error.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert f"{len(lines)} thing(s) wrong" in str(error.value)
    return lines


def nothing_is_sent(document: Document) -> None:
    given: list[object] = []
    with pytest.raises(Altered):
        given.append(download(acting=on_own_file(document.member), document_id=document.pk))
    assert not given


def changed(content: bytes, at: int, bit: int) -> bytes:
    altered = bytearray(content)
    altered[at] ^= 1 << bit
    return bytes(altered)


def test_a_vault_that_is_whole_says_how_much_was_read(member: Member, objects: Objects) -> None:
    deposited(member, LARGE)
    deposited(member, pdf())
    draw_due()
    incoming = UploadBatch()
    incoming.begin("attente.pdf").write(pdf())
    incoming.end()
    keep_waiting(member=member, arrived=incoming.take())
    octets = sum(
        file.size for model in (Document, Page, Thumbnail, PendingFile) for file in model._base_manager.all()
    )
    assert verify() == f"8 file(s), {octets} bytes, 8 object(s): everything is whole\n"


def test_an_empty_vault_is_whole(objects: Objects) -> None:
    assert verify() == "0 file(s), 0 bytes, 0 object(s): everything is whole\n"


def test_one_flipped_bit_is_found_wherever_it_is(member: Member, objects: Objects) -> None:
    document = deposited(member, LARGE)
    whole = objects.read(document.storage_name)
    chance = random.Random(3)
    places = [0, 1, 39, 40, SEGMENT - 1, SEGMENT, 2 * SEGMENT - 1, 2 * SEGMENT, len(whole) - 1]
    for at in places:
        objects.write(document.storage_name, changed(whole, at, chance.randrange(8)))
        [line] = wrong()
        assert line.startswith(
            f"document {document.pk} of {document.deposit.number} (member:{member.pk}): altered"
        )
        nothing_is_sent(document)
    objects.write(document.storage_name, whole)
    assert "everything is whole" in verify()


def test_a_cut_is_found_at_the_edges_of_each_segment(member: Member, objects: Objects) -> None:
    document = deposited(member, LARGE)
    whole = objects.read(document.storage_name)
    assert len(whole) == sealed_size(len(LARGE)) > 2 * SEGMENT
    edges = [0, 40, SEGMENT, 2 * SEGMENT, len(whole)]
    for length in sorted({edge + step for edge in edges for step in (-1, 0, 1)} & set(range(len(whole)))):
        objects.write(document.storage_name, whole[:length])
        [line] = wrong()
        assert ": cut: " in line, length
        nothing_is_sent(document)
    objects.write(document.storage_name, whole + b"\0")
    assert ": altered: " in wrong()[0]
    nothing_is_sent(document)


def test_two_exchanged_objects_are_told_with_whose_bytes_they_hold(member: Member, objects: Objects) -> None:
    one, two = deposited(member, pdf(words="un")), deposited(member, pdf(words="deux"))
    first, second = objects.read(one.storage_name), objects.read(two.storage_name)
    objects.write(one.storage_name, second)
    objects.write(two.storage_name, first)
    lines = wrong()
    for mine, other in ((one, two), (two, one)):
        [line] = [line for line in lines if line.startswith(f"document {mine.pk}")]
        assert f"swapped: its object holds another's bytes (it holds document {other.pk}" in line
        nothing_is_sent(mine)


def test_an_old_object_put_back_is_altered(member: Member, objects: Objects) -> None:
    """The same document as it was sealed another time: same id, same clear bytes, another key."""
    document = deposited(member, LARGE)
    old = io.BytesIO()
    old.close = lambda: None  # type: ignore[method-assign]
    key = new_document_key(document_id=document.sealed_as)
    with sealing_stream(key, old, document_id=document.sealed_as) as stream:
        stream.write(LARGE)
    objects.write(document.storage_name, old.getvalue())
    [line] = wrong()
    assert ": altered: " in line
    nothing_is_sent(document)


def test_a_missing_object_is_told_and_journalled(member: Member, objects: Objects) -> None:
    document = deposited(member, pdf())
    objects.delete(document.storage_name)
    [line] = wrong()
    assert f"document {document.pk}" in line
    assert ": missing: " in line
    entry = Entry.objects.about(document.subject)[0]
    assert (entry.event, entry.details) == (Event.DOCUMENT_ALTERED, {"code": "missing", "page": 0})
    nothing_is_sent(document)


def test_a_page_image_is_read_too(member: Member, objects: Objects) -> None:
    document = deposited(member, pdf(2))
    draw_due()
    page = Page.objects.get(document=document, number=2)
    objects.write(page.storage_name, changed(objects.read(page.storage_name), 100, 3))
    assert [line.partition(" (")[0] for line in wrong()] == [
        f"document {document.pk} of {document.deposit.number} page 2"
    ]


def test_a_row_whose_key_is_anothers_does_not_open(member: Member, objects: Objects) -> None:
    first, two = deposited(member, pdf()), deposited(member, pdf())
    Document.objects.filter(pk=first.pk).update(wrapped_key=two.wrapped_key)
    assert ": its key does not open" in wrong()[0]


def test_a_row_that_says_another_hash_is_altered(member: Member, objects: Objects) -> None:
    document = deposited(member, pdf())
    Document.objects.filter(pk=document.pk).update(sha256="0" * 64)
    assert ": its key does not open: altered, another's, not of this SHA-256" in wrong()[0]


def test_a_row_that_says_another_size_is_altered(member: Member, objects: Objects) -> None:
    document = deposited(member, pdf())
    Document.objects.filter(pk=document.pk).update(size=document.size - 1)
    assert "its size or SHA-256 is not that of its row" in wrong()[0]


def test_objects_that_nobody_owns_are_named_and_those_that_are_noted_are_not(objects: Objects) -> None:
    noted, left = fresh_name(), fresh_name()
    UnclaimedObject.objects.create(storage_name=noted)
    for name in (noted, left):
        writer = begin(name)
        writer.write(b"x" * (6 << 20))
    objects.write("2026/11/23/nobodys", b"x")
    assert sorted(wrong()) == sorted(
        [
            f"{left}: an object that was begun, and that no note knows",
            "2026/11/23/nobodys: an object that no row or note owns",
        ]
    )


def test_a_document_that_moves_while_it_is_read_is_no_finding(
    member: Member, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = deposited(member, pdf())
    drawn = deposited(member, pdf(words="autre"))
    true_read = verification.clear_bytes

    def read(file: Any) -> Any:
        if file.pk == document.pk and Document.objects.filter(pk=document.pk).exists():
            Document.objects.filter(pk=document.pk).delete()
            objects.delete(document.storage_name)
        return true_read(file)

    monkeypatch.setattr(verification, "clear_bytes", read)
    assert verify().startswith(f"2 file(s), {document.size + drawn.size} bytes, 1 object(s)")


def test_a_storage_that_is_away_is_not_taken_for_a_loss(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(member, pdf())

    def away(*_: object) -> Any:
        raise StorageFailed("away")

    monkeypatch.setattr("adherents.storage.reading.open_object", away)
    monkeypatch.setattr(verification, "object_size", away)
    with pytest.raises(CommandError, match="the storage does not answer, 0 file") as error:
        call_command("verify_vault", pace=0)
    assert error.value.returncode == 2


def test_it_reads_no_quicker_than_its_pace(member: Member) -> None:
    deposited(member, LARGE)
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += max(seconds, 0)

    pace = Pace(1_000_000, clock=lambda: now, sleep=sleep)
    for _ in verify_everything(pace=pace, seen=Verified(), on_finding=lambda finding: None):
        pass
    assert now == pytest.approx(len(LARGE) / 1_000_000)


@pytest.mark.parametrize("pace", ["-1", "vite"])
def test_a_pace_that_is_none_is_refused(pace: str) -> None:
    with pytest.raises(CommandError, match="megabytes a second"):
        call_command("verify_vault", f"--pace={pace}")


def test_memory_does_not_grow_with_the_number_of_rows(
    member: Member, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(5):
        deposited(member, pdf(words=str(number)))
    monkeypatch.setattr(verification, "BATCH", 2)
    with django_assert_max_num_queries(20):
        assert verify().startswith("5 file(s)")
