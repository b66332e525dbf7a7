"""Reading back: a member's own documents and no others, whole or not at all."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.storage.objects import fresh_name
from adherents.storage.sealing import Sealer
from adherents.vault.models import Document
from tests.vault.conftest import browser_of, deposited, objects_in, pdf

Text = Callable[[Any], str]
pytestmark = pytest.mark.django_db
NOBODYS = "00000000-0000-4000-8000-000000000000"
LARGE = pdf(3).replace(b"\n", b"\n%" + b"x" * 3_000_000 + b"\n", 1)
EDGES = [edge + step for edge in (1 << 20, 2 << 20) for step in (-1, 0, 1)]  # of the sealed segments


def address(document: Document, end: str = "telecharger/") -> str:
    return f"/adherent/documents/{document.pk}/{end}"


def without_chance(answer: Any, address: str) -> str:
    """The page without the form's token, fresh in each, and without the address that was asked."""
    page = answer.content.decode().replace(address, "…")
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else b""


@pytest.mark.rule("G13")
def test_a_member_gets_back_the_very_bytes_as_an_attachment(signed_in: Client, member: Member) -> None:
    document = deposited(member, LARGE, "Relevé d’été.pdf")
    answer = signed_in.get(address(document))
    assert bytes_of(answer) == LARGE
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == str(len(LARGE))
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"Releve dete.pdf\"; filename*=UTF-8''Relev%C3%A9%20d%E2%80%99%C3%A9t%C3%A9.pdf"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "no-store"
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert (entry.event, entry.actor) == (Event.DOCUMENT_DOWNLOADED, member.subject)


@pytest.mark.rule("G13")
@pytest.mark.parametrize("end", ["", "telecharger/"])
def test_anothers_document_answers_exactly_as_one_that_never_was(
    signed_in: Client, other_member: Member, end: str
) -> None:
    theirs = deposited(other_member, pdf())
    same_name = {"X-Request-ID": "the-same"}
    refused = signed_in.get(address(theirs, end), headers=same_name)
    unknown = signed_in.get(f"/adherent/documents/{NOBODYS}/{end}", headers=same_name)
    assert refused.status_code == unknown.status_code == 404
    assert without_chance(refused, str(theirs.pk)) == without_chance(unknown, NOBODYS)
    assert refused.headers == unknown.headers
    assert Entry.objects.about(theirs.subject).count() == 1


def test_anothers_receipt_and_list_stay_theirs(
    signed_in: Client, other_member: Member, sentences: Text
) -> None:
    theirs = deposited(other_member, pdf(), "secret.pdf")
    assert signed_in.get(f"/adherent/documents/accuses/{theirs.deposit.number}/").status_code == 404
    assert "secret.pdf" not in sentences(signed_in.get("/adherent/documents/"))


@pytest.mark.parametrize("where", [0, 20, 1_000_000, 1_048_576, 2_500_000, -1])
def test_one_flipped_bit_anywhere_and_not_one_byte_is_sent(
    signed_in: Client, member: Member, objects_folder: Path, sentences: Text, where: int
) -> None:
    document = deposited(member, LARGE)
    kept = objects_folder / document.storage_name
    changed = bytearray(kept.read_bytes())
    changed[where] ^= 1
    kept.write_bytes(changed)
    refused(signed_in, document, sentences)


@pytest.mark.parametrize("length", [0, 10, 40, *EDGES, -1, -17])
@pytest.mark.one_on_postgresql
def test_a_file_cut_anywhere_and_not_one_byte_is_sent(
    signed_in: Client, member: Member, objects_folder: Path, sentences: Text, length: int
) -> None:
    document = deposited(member, LARGE)
    kept = objects_folder / document.storage_name
    kept.write_bytes(kept.read_bytes()[:length])
    refused(signed_in, document, sentences)


def test_two_objects_exchanged_open_as_neither(
    signed_in: Client, member: Member, objects_folder: Path, sentences: Text
) -> None:
    first, second = deposited(member, pdf(words="un")), deposited(member, pdf(words="deux"))
    first_path, two = objects_folder / first.storage_name, objects_folder / second.storage_name
    one_bytes, two_bytes = first_path.read_bytes(), two.read_bytes()
    first_path.write_bytes(two_bytes)
    two.write_bytes(one_bytes)
    refused(signed_in, first, sentences)
    refused(signed_in, second, sentences)


def test_an_old_object_put_back_gives_not_one_byte(
    signed_in: Client, member: Member, objects_folder: Path, sentences: Text
) -> None:
    """What a backup holds: the same document, sealed for the same id, under the key of that day."""
    document = deposited(member, LARGE)
    before = fresh_name()
    former = Sealer(sealed_as=document.sealed_as, storage_name=before)
    former.write(LARGE)
    former.commit()
    (objects_folder / before).replace(objects_folder / document.storage_name)
    refused(signed_in, document, sentences)


def test_a_whole_object_of_another_version_gives_not_one_byte(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    """Its key is bound to its own bytes' hash: beside the hash that the receipt signed, it opens nothing."""
    document = deposited(member, LARGE)
    former = Sealer(sealed_as=document.sealed_as, storage_name=fresh_name())
    former.write(LARGE.replace(b"x" * 100, b"y" * 100, 1))
    sealed = former.commit()
    assert sealed.size == document.size
    Document.objects.filter(pk=document.pk).update(
        storage_name=sealed.storage_name, wrapped_key=sealed.wrapped_key
    )
    refused(signed_in, document, sentences)


def test_a_row_given_anothers_object_and_key_does_not_open_it(
    signed_in: Client, member: Member, other_member: Member, sentences: Text
) -> None:
    mine, theirs = deposited(member, pdf()), deposited(other_member, pdf(words="secret"))
    Document.objects.filter(pk=theirs.pk).update(storage_name="elsewhere")
    Document.objects.filter(pk=mine.pk).update(
        storage_name=theirs.storage_name,
        wrapped_key=theirs.wrapped_key,
        size=theirs.size,
        sha256=theirs.sha256,
    )
    refused(signed_in, mine, sentences)


def test_a_missing_object_is_told_and_journalled(
    signed_in: Client, member: Member, objects_folder: Path, sentences: Text
) -> None:
    document = deposited(member, pdf())
    (objects_folder / document.storage_name).unlink()
    refused(signed_in, document, sentences)


def refused(client: Client, document: Document, sentences: Text) -> None:
    answer = client.get(address(document))
    assert answer.status_code == 500
    assert not answer.streaming
    assert "Nous ne pouvons pas vous rendre ce document" in sentences(answer)
    entry = Entry.objects.about(document.subject).first()
    assert entry is not None
    assert entry.event == Event.DOCUMENT_ALTERED


def test_objects_are_never_written_twice(member: Member, objects_folder: Path) -> None:
    from adherents.storage.objects import StorageFailed, begin

    document = deposited(member, pdf())
    before = (objects_folder / document.storage_name).read_bytes()
    writer = begin(document.storage_name)
    writer.write(b"another")
    with pytest.raises(StorageFailed):
        writer.commit()
    assert (objects_folder / document.storage_name).read_bytes() == before
    assert len(objects_in(objects_folder)) == 1


def test_a_storage_that_does_not_answer_is_told_and_the_document_is_not_lost(
    signed_in: Client, member: Member, sentences: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.storage import reading
    from adherents.storage.objects import StorageFailed

    document = deposited(member, pdf())

    def away(name: str) -> Any:
        raise StorageFailed("away")

    with monkeypatch.context() as patch:
        patch.setattr(reading, "open_object", away)
        answer = signed_in.get(address(document))
    assert answer.status_code == 503
    assert "Votre document n’est pas perdu." in sentences(answer)
    assert bytes_of(signed_in.get(address(document))) == pdf()


def test_agents_have_no_business_in_the_members_space(db: None, member: Member) -> None:
    from adherents.accounts.models import Account, Role

    agent = Account.objects.create(
        identifier="agent@example.org", email="agent@example.org", role=Role.ADVISER
    )
    client = Client()
    client.force_login(agent)
    assert client.get("/adherent/documents/").status_code == 403


def test_another_members_browser_sees_its_own(other_member: Member, member: Member) -> None:
    document = deposited(other_member, pdf())
    assert bytes_of(browser_of(other_member).get(address(document))) == pdf()
