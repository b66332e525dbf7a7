"""Photos that were gathered stay files of their own: each one proven, scanned, given back, verified and destroyed."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.reading import verify
from adherents.vault.models import Deposit, Document, Page, SetAside, State
from adherents.vault.receipts.services import envelope_of
from adherents.vault.receipts.statement import read_statement
from adherents.vault.services.erasing import take_back
from adherents.vault.services.reading import NotGathered, download
from adherents.vault.services.rendition import draw_due
from tests.vault.clamd import EICAR, Clamd
from tests.vault.conftest import browser_of, objects_in, pdf, picture, send, upload
from tests.vault.photos import GREEN, THREE, YELLOW, drawn, gathered, sheet

Text = Callable[[Any], str]
# As in test_gathering.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
LIST = "/adherent/documents/"


def test_the_receipt_proves_each_photo_as_it_arrived(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    document = gathered(member, *THREE, ("d.pdf", pdf()))
    for _ in range(2):  # before the PDF is made, and after
        statement = read_statement(envelope_of(Deposit.objects.get()).payload)
        proven = [(file.name, file.size, file.sha256) for file in statement.files]
        assert proven == [
            (name, len(content), hashlib.sha256(content).hexdigest())
            for name, content in [*THREE, ("d.pdf", pdf())]
        ]
        draw_due()
    page = sentences(signed_in.get(f"{LIST}accuses/{document.deposit.number}/"))
    for name, content in THREE:
        assert name in page
        assert hashlib.sha256(content).hexdigest() in page


def test_the_mail_and_the_list_count_one_document(signed_in: Client, member: Member, sentences: Text) -> None:
    gathered(member, *THREE)
    assert json.loads(OutboxMail.objects.get().context)["count"] == 1
    page = sentences(signed_in.get(LIST))
    assert "3 photos réunies.pdf" in page
    assert "a.png" not in page
    assert "3 photos réunies.pdf" in sentences(signed_in.get(f"{LIST}?words=C.HEIC"))
    assert "Aucun document" in sentences(signed_in.get(f"{LIST}?words=z.heic"))


def test_the_member_downloads_the_pdf_and_each_photo_as_it_was_sent(
    signed_in: Client, member: Member, other_member: Member, sentences: Text
) -> None:
    document = gathered(member, *THREE)
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "PDF, en préparation" in page
    answer = signed_in.get(f"{LIST}{document.pk}/telecharger/")
    assert answer.status_code == 409
    assert "Le PDF se prépare." in sentences(answer)
    drawn(document)
    answer = signed_in.get(f"{LIST}{document.pk}/telecharger/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")  # type: ignore[attr-defined]
    for number, (name, content) in enumerate(THREE, start=1):
        answer = signed_in.get(f"{LIST}{document.pk}/photos/{number}/")
        assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]
        assert f'filename="{name}"' in answer["Content-Disposition"]
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert signed_in.get(f"{LIST}{document.pk}/photos/4/").status_code == 404
    assert browser_of(other_member).get(f"{LIST}{document.pk}/photos/1/").status_code == 404
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "Vous avez téléchargé sa photo 2." in page
    assert "Le portail a réuni vos photos en un PDF." in page


def test_a_photo_that_nobody_can_open_sets_the_document_aside_and_is_named(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    broken = picture("JPEG", (600, 600))[:400] + b"\0" * 50
    document = drawn(gathered(member, ("bonne.png", sheet(GREEN)), ("floue.jpg", broken)))
    assert (document.set_aside, document.sha256, document.page_count) == (SetAside.UNREADABLE, "", None)
    assert [photo.set_aside for photo in document.photos.all()] == ["", SetAside.UNREADABLE]
    assert not Page.objects.exists()
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "Nous n’avons pas pu ouvrir l’une des photos." in page
    assert page.index("bonne.png") < page.index("floue.jpg") < page.rindex("Illisible")
    assert OutboxMail.objects.filter(name="vault/cannot_be_read").count() == 1
    assert b"".join(download(acting=on_own_file(member), document_id=document.pk, photo=2).chunks) == broken
    with pytest.raises(NotGathered):
        download(acting=on_own_file(member), document_id=document.pk)


def test_the_antivirus_looks_at_each_photo(member: Member, clamd: Clamd) -> None:
    document = drawn(gathered(member, ("a.png", sheet(GREEN)), ("b.jpg", sheet(YELLOW, "JPEG") + EICAR)))
    assert document.set_aside == SetAside.INFECTED
    assert document.photos.get(number=2).set_aside == SetAside.INFECTED
    answer = browser_of(member).get(f"{LIST}{document.pk}/photos/1/")
    assert answer.status_code == 403
    clean = drawn(gathered(member, *THREE))
    assert (clean.set_aside, clean.page_count) == ("", 3)
    assert clean.scanned_at is not None


def test_destroying_takes_the_photos_keys_names_and_bytes_and_leaves_their_proof(
    member: Member, objects_folder: Path, signed_in: Client, sentences: Text
) -> None:
    document = drawn(gathered(member, *THREE))
    take_back(acting=on_own_file(member), document_id=document.pk)
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()
    for photo, (name, content) in zip(document.photos.all(), THREE, strict=True):
        assert (photo.name, photo.name_key, bytes(photo.wrapped_key)) == ("", "", b"")
        assert photo.sha256 == hashlib.sha256(content).hexdigest()
        assert name not in sentences(signed_in.get(f"{LIST}{document.pk}/"))
    entry = Entry.objects.about(document.subject).get(event=Event.DOCUMENT_ERASED)
    assert entry.details["sha256"] == " ".join(hashlib.sha256(content).hexdigest() for _, content in THREE)
    assert not list(broken_chains())
    assert signed_in.get(f"{LIST}{document.pk}/photos/1/").status_code == 410
    call_command("verify_vault", pace=0, stdout=io.StringIO())


def test_an_altered_photo_is_named_and_not_one_byte_of_it_leaves(
    member: Member, objects_folder: Path, signed_in: Client
) -> None:
    document = gathered(member, *THREE)
    kept = objects_folder / document.photos.get(number=2).storage_name
    changed = bytearray(kept.read_bytes())
    changed[-20] ^= 1
    kept.write_bytes(changed)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_vault", pace=0, stdout=out)
    assert f"document {document.pk} of {document.deposit.number} photo 2" in out.getvalue()
    assert signed_in.get(f"{LIST}{document.pk}/photos/2/").status_code == 500
    drawn(document)
    assert document.set_aside == SetAside.ALTERED
    assert document.photos.get(number=2).set_aside == SetAside.ALTERED
    altered = Entry.objects.about(document.subject).filter(event=Event.DOCUMENT_ALTERED)
    assert {entry.details["photo"] for entry in altered} == {2}


def test_a_new_master_key_turns_the_photos_keys(member: Member, settings: Any) -> None:
    document = gathered(member, *THREE)
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32, *settings.ADHERENTS_MASTER_KEYS]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32]
    for photo in document.photos.all():
        verify(photo)
    drawn(document)
    assert document.state == State.CHECKED


def test_the_zip_has_the_pdf_and_each_photo(member: Member, signed_in: Client) -> None:
    document = drawn(gathered(member, *THREE))
    waiting = gathered(member, *THREE[:2])
    answer = signed_in.post(f"{LIST}tout/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as opened:  # type: ignore[attr-defined]
        listed = json.loads(opened.read("manifest.json"))
        given = {line["file"]: opened.read(line["file"]) for line in listed if line["file"]}
        assert len(opened.namelist()) == len(set(opened.namelist())) == 1 + 3 + 2 + 2
    mine = [line for line in listed if line["receipt"] == document.deposit.number]
    assert [line["photo"] for line in mine] == ["", 1, 2, 3]
    assert [given[line["file"]] for line in mine[1:]] == [content for _, content in THREE]
    assert given[mine[0]["file"]].startswith(b"%PDF-")
    assert mine[1]["file"].endswith(f"{document.deposit.number}-01-photo-01 RIB - a.png")
    for line in listed:
        if line["file"]:
            assert line["sha256"] == hashlib.sha256(given[line["file"]]).hexdigest()
    [unmade] = [line for line in listed if line["given"] == "not_gathered"]
    assert (unmade["receipt"], unmade["file"]) == (waiting.deposit.number, "")


def test_a_photo_sent_before_is_pointed_out_alone_or_gathered(
    member: Member, signed_in: Client, sentences: Text
) -> None:
    alone = gathered(member, *THREE)
    send(signed_in, upload(THREE[1][1], "encore.jpg"))
    again = Document.objects.get(name="encore.jpg")
    page = sentences(signed_in.get(f"{LIST}{again.pk}/"))
    assert (
        f"Vous avez déjà envoyé ce fichier le {timezone.localtime(again.at):%d/%m/%Y} ({alone.deposit.number})."
        in page
    )
    last = gathered(member, THREE[1], ("d.png", sheet((1, 2, 3))))
    page = sentences(signed_in.get(f"{LIST}accuses/{last.deposit.number}/"))
    assert (
        f"l’une au moins de ces photos le {timezone.localtime(again.at):%d/%m/%Y} ({again.deposit.number})."
        in page
    )
    assert "Vous avez déjà envoyé" not in sentences(signed_in.get(f"{LIST}{alone.pk}/"))


def test_the_documents_page_costs_no_query_a_photo(
    member: Member, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    few = gathered(member, *THREE)
    many = gathered(member, *((f"{n}.png", sheet((n, n, n))) for n in range(12)))
    for document in (few, many):
        with django_assert_max_num_queries(9):  # one of them for what was read on it
            signed_in.get(f"{LIST}{document.pk}/")
        with django_assert_max_num_queries(8):
            signed_in.get(f"{LIST}accuses/{document.deposit.number}/")
