"""The antivirus: a real clamd looks at each document before it is drawn, and what it recognises is given to nobody."""

import io
import struct
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client
from django.utils import timezone

from adherents.inspection import antivirus
from adherents.inspection.antivirus import Unscanned, scan
from adherents.inspection.rasteriser import process
from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing, DrawingFailed
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, Page, SetAside, State
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.budget import Budget
from adherents.vault.services.receiving import UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.viewing import NoSuchPage, page_image
from tests.cast import ENGLISH
from tests.factories import open_account
from tests.vault.clamd import EICAR, OUR_MARK, STREAM_LIMIT, Clamd
from tests.vault.conftest import deposited, objects_in, pdf, picture
from tests.vault.hostile import compressed, raw_pdf, with_attachments, zipped

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
Text = Callable[[Any], str]
Mails = Callable[[], list[Any]]


def now_due() -> None:
    Document.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())


def treated(document: Document) -> Document:
    now_due()
    draw_due()
    document.refresh_from_db()
    return document


def events(document: Document) -> list[str]:
    return list(Entry.objects.about(document.subject).values_list("event", flat=True))


def with_attachment(content: bytes, *, params: bool = True) -> bytes:
    """With `params`, as most programs write it: clamd looks for the filter before the end of the first dictionary within."""
    document = pikepdf.Pdf.open(io.BytesIO(pdf()))
    document.attachments["facture.com"] = content
    for pdf_object in document.objects:
        if (
            not params
            and isinstance(pdf_object, pikepdf.Stream)
            and pdf_object.get("/Type") == "/EmbeddedFile"
        ):
            del pdf_object["/Params"]
    written = io.BytesIO()
    document.save(written, compress_streams=True)
    assert EICAR not in written.getvalue(), "it is compressed: only who unpacks it finds it"
    return written.getvalue()


def with_comment(photo: bytes, words: bytes) -> bytes:
    return photo[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + photo[2:]


INFECTED = {
    "EICAR after a PDF": pdf() + b"\n" + EICAR,
    "EICAR shifted, before the end of a PDF": pdf().replace(
        b"%%EOF", b"%" + b"x" * 4097 + EICAR + b"\n%%EOF"
    ),
    "EICAR attached to a PDF": with_attachment(EICAR),
    "EICAR attached to a PDF where clamd looks": with_attachment(EICAR, params=False),
    "EICAR attached to a PDF in an archive": with_attachment(zipped(x=EICAR)),
    "EICAR attached to a PDF attached to a PDF": with_attachment(with_attachment(EICAR, params=False)),
    "our own mark in a PDF": pdf().replace(b"%%EOF", b"%" + OUR_MARK + b"\n%%EOF"),
    "EICAR in a photo's comment": with_comment(picture(), EICAR),
    "EICAR after a photo": picture() + EICAR,
    "EICAR after a HEIC": picture("HEIF") + EICAR,
}


@pytest.mark.parametrize("content", INFECTED.values(), ids=INFECTED.keys())
def test_what_is_recognised_is_set_aside_and_never_drawn(
    member: Member, clamd: Clamd, content: bytes
) -> None:
    document = treated(deposited(member, content))
    assert (document.state, document.set_aside, document.next_attempt_at) == (
        State.RECEIVED,
        SetAside.INFECTED,
        None,
    )
    assert document.threat in {"Eicar-Anywhere.UNOFFICIAL", "Eicar-File.UNOFFICIAL", "Tests-Mark.UNOFFICIAL"}
    assert document.scanned_at is not None
    assert document.scanned_by.startswith("ClamAV ")
    assert (document.page_count, Page.objects.count()) == (None, 0)
    assert b"".join(clear_bytes(document)) == content, "it is kept as it was sent"
    assert events(document)[:2] == [Event.DOCUMENT_SET_ASIDE, Event.DOCUMENT_INFECTED]
    assert OutboxMail.objects.filter(name="vault/refused_for_safety").count() == 1
    assert draw_due() == 0


def test_a_pdf_that_carries_clean_files_is_drawn(member: Member, clamd: Clamd) -> None:
    document = treated(deposited(member, with_attachments(30)))
    assert (document.state, document.threat) == (State.CHECKED, "")


def carrying_a_bomb() -> bytes:
    bomb = compressed(2048)
    words = b"<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d >>" % len(bomb)
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"
    return raw_pdf([catalog, pages, page, words + b"\nstream\n" + bomb + b"\nendstream"])


def test_a_pdf_that_carries_more_than_clamd_looks_at_waits(member: Member, clamd: Clamd) -> None:
    document = treated(deposited(member, carrying_a_bomb()))
    assert (document.state, document.unscanned) == (State.RECEIVED, Unscanned.TOO_LARGE)
    assert Page.objects.count() == 0


def test_unpacking_a_bomb_ends_in_the_process_that_unpacks() -> None:
    content = carrying_a_bomb()
    start = time.monotonic()
    with (
        Drawing("application/pdf", len(content), unpack=True) as drawing,
        pytest.raises((CannotBeDrawn, DrawingFailed)),
    ):
        list(drawing.files([content]))
    assert time.monotonic() - start < 20


def test_a_pdf_that_only_the_drawer_can_read_carries_nothing() -> None:
    for content in (b"%PDF-1.7\n" + bytes(1000), pdf()[:-400], pdf()):
        with Drawing("application/pdf", len(content), unpack=True) as drawing:
            assert list(drawing.files([content])) == []


def test_an_unpacker_that_lies_about_its_files_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for lie in (b"F" + struct.pack(">I", (50 << 20) + 1), b"F\0\0\0\x05abc", b"?", b"F"):
        code = f"import sys; sys.stdin.buffer.readline(); sys.stdout.buffer.write({lie!r})"
        monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", code])
        with Drawing("application/pdf", 3, unpack=True) as drawing, pytest.raises(DrawingFailed):
            list(drawing.files([b"abc"]))


def test_eicar_alone_is_no_document_whatever_its_name(member: Member) -> None:
    for name in ("eicar.com", "facture.pdf"):
        incoming = UploadBatch().begin(name)
        incoming.write(EICAR)
        ended = incoming.finish()
        assert getattr(ended, "reason", None) is FileRefusal.FORMAT


def test_what_is_clean_is_drawn_and_says_by_whom_it_was_scanned(member: Member, clamd: Clamd) -> None:
    document = treated(deposited(member, pdf(2)))
    assert (document.state, document.page_count, document.threat) == (State.CHECKED, 2, "")
    assert document.scanned_at is not None
    assert document.scanned_by.startswith("ClamAV ")


def test_the_member_is_told_in_words_and_not_of_what(clamd: Clamd, mails: Mails, member: Member) -> None:
    english = Member.objects.get(account=open_account(ENGLISH))
    for reader in (member, english):
        deposited(reader, INFECTED["EICAR after a PDF"])
    mail_to = {mail.to: mail for mail in mails() if "accept" in mail.subject}
    french, other = mail_to["camille@example.org"], mail_to["thomas@example.org"]
    assert "n’a pas pu être accepté" in french.text
    assert "Photographiez le document" in french.text
    assert "could not be accepted" in other.text
    assert "Photograph the document" in other.text
    assert "Eicar" not in french.text + french.html + other.text + other.html


def test_a_dangerous_document_is_given_to_nobody(
    signed_in: Client, member: Member, clamd: Clamd, sentences: Text
) -> None:
    document = treated(deposited(member, INFECTED["EICAR after a PDF"]))
    address = f"/adherent/documents/{document.pk}/"
    page = signed_in.get(address)
    assert "Écarté par sécurité" in sentences(page)
    assert "Photographiez plutôt le document" in sentences(page)
    assert "telecharger" not in page.content.decode()
    refused = signed_in.get(f"{address}telecharger/")
    assert refused.status_code == 403
    assert "Notre antivirus y a reconnu un danger" in sentences(refused)
    assert EICAR not in refused.content
    assert Event.DOCUMENT_DOWNLOADED not in events(document)


def test_what_a_later_scan_recognises_loses_its_pages(member: Member, clamd: Clamd, settings: Any) -> None:
    settings.ADHERENTS_ANTIVIRUS = None
    document = treated(deposited(member, INFECTED["EICAR after a PDF"]))
    assert document.page_count == 1, "nobody looked"
    images = list(Page.objects.values_list("storage_name", flat=True))
    settings.ADHERENTS_ANTIVIRUS = clamd.address
    Document.objects.update(next_attempt_at=timezone.now())
    treated(document)
    assert (document.set_aside, document.page_count) == (SetAside.INFECTED, None)
    with pytest.raises(NoSuchPage):
        page_image(document, 1)
    assert set(images) <= set(UnclaimedObject.objects.values_list("pk", flat=True))


def test_what_was_recognised_by_mistake_is_drawn_once_signatures_are_mended(
    member: Member, own_clamd: Clamd, settings: Any
) -> None:
    document = treated(deposited(member, INFECTED["our own mark in a PDF"]))
    assert document.threat
    settings.ADHERENTS_ANTIVIRUS = None
    Document.objects.update(next_attempt_at=timezone.now())
    treated(document)
    assert (document.set_aside, Page.objects.count()) == (SetAside.INFECTED, 0), "no antivirus, no pardon"
    settings.ADHERENTS_ANTIVIRUS = own_clamd.address
    own_clamd.kill()
    (own_clamd.folder / "signatures" / "tests.ndb").unlink()
    own_clamd.start()
    treated(document)
    assert (document.state, document.set_aside, document.threat) == (State.CHECKED, "", "")


def test_a_clamd_killed_between_two_documents_makes_the_second_wait(
    member: Member, own_clamd: Clamd, time_machine: Any
) -> None:
    first = treated(deposited(member, pdf()))
    assert first.state == State.CHECKED
    own_clamd.kill()
    second = treated(deposited(member, pdf(2)))
    assert (second.state, second.unscanned, second.page_count) == (State.RECEIVED, Unscanned.AWAY, None)
    assert second.next_attempt_at is not None
    assert draw_due() == 0, "not at once again"
    for _ in range(5):
        treated(second)
    assert events(second).count(Event.DOCUMENT_UNSCANNED) == 1, "told once, and not at each try"
    assert second.attempts == 6
    assert second.next_attempt_at <= timezone.now() + timedelta(minutes=15)
    own_clamd.start()
    treated(second)
    assert (second.state, second.unscanned, second.page_count) == (State.CHECKED, "", 2)


def test_waiting_for_the_antivirus_is_no_attempt_to_draw(
    member: Member, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.vault.services import rendition

    def dies(document: Document, budget: Budget) -> Any:
        raise DrawingFailed("killed")

    document = deposited(member, pdf())
    Document.objects.update(attempts=40)
    monkeypatch.setattr(rendition, "_draw", dies)
    treated(document)
    assert (document.attempts, document.set_aside) == (1, "")
    assert document.scanned_at is not None
    scanned_at = document.scanned_at
    monkeypatch.undo()
    treated(document)
    assert (document.state, document.scanned_at) == (State.CHECKED, scanned_at), "once clean is enough"


def test_a_frozen_clamd_costs_one_document_a_round_and_then_lets_everything_through(
    member: Member, own_clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(antivirus, "ANSWERS_WITHIN", 0.5)
    documents = [deposited(member, pdf()) for _ in range(3)]
    own_clamd.stop()
    start = time.monotonic()
    assert draw_due() == 1
    assert time.monotonic() - start < 3
    assert Document.objects.filter(unscanned=Unscanned.SLOW).count() == 1
    own_clamd.go_on()
    now_due()
    assert draw_due() == 3
    assert {treated(document).state for document in documents} == {State.CHECKED}


def test_a_document_over_the_limit_waits_and_holds_nobody_up(member: Member, clamd: Clamd) -> None:
    large = deposited(member, pdf() + b"%" + b"x" * STREAM_LIMIT + b"\n%%EOF")
    small = deposited(member, pdf())
    assert draw_due() == 2
    large.refresh_from_db()
    small.refresh_from_db()
    assert (large.state, large.unscanned, large.page_count) == (State.RECEIVED, Unscanned.TOO_LARGE, None)
    assert large.next_attempt_at is not None
    assert small.state == State.CHECKED


def test_an_altered_document_gets_no_verdict(member: Member, clamd: Clamd, objects_folder: Path) -> None:
    document = deposited(member, pdf())
    kept = objects_folder / document.storage_name
    changed = bytearray(kept.read_bytes())
    changed[-20] ^= 1
    kept.write_bytes(changed)
    treated(document)
    assert (document.set_aside, document.scanned_at) == (SetAside.ALTERED, None)


def test_no_clear_byte_is_on_the_disk_while_it_is_scanned(
    member: Member, clamd: Clamd, objects_folder: Path
) -> None:
    document = deposited(member, INFECTED["our own mark in a PDF"])

    def watched() -> Iterator[bytes]:
        for chunk in clear_bytes(document):
            yield chunk
            for path in objects_in(objects_folder):
                assert OUR_MARK not in path.read_bytes()

    assert scan(watched()).threat
