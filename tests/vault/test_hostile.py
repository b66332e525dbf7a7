"""Files made to harm: each ends in its state and its sentence, in bounded time and memory, and the worker goes on.

Bounds, each asserted here: 20 seconds for a whole document, or the time limit of its drawing, that of the lane of what takes
long too; 1.6 GB for the process that draws, and nothing in the worker's own.
"""

import resource
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from adherents.inspection.rasteriser import MOST_PAGES, process
from adherents.inspection.rasteriser.__main__ import MEMORY_BYTES
from adherents.inspection.rasteriser.process import Drawing
from adherents.members.models import Member
from adherents.vault.models import Document, PendingFile, SetAside, State
from adherents.vault.names import LONGEST
from adherents.vault.refusals import FileRefusal
from adherents.vault.services import budget, rendition
from adherents.vault.services.budget import Budget
from adherents.vault.services.receiving import Arrived, RefusedFile, UploadBatch
from adherents.vault.services.rendition import draw_due
from tests.vault import hostile
from tests.vault.conftest import deposited, pdf, picture, send, upload

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
Text = Callable[[Any], str]
SECONDS = 20
AS_THE_WORKER = budget.QUICK_SECONDS
MOST_MEMORY_KB = 1_600_000

CUT_PHOTO = picture("JPEG", (2000, 1500))

DRAWN = {
    "a PDF that runs JavaScript": hostile.with_script,
    "a PDF that launches a program": hostile.with_launch,
    "a PDF that calls an address": hostile.with_remote,
    "a PDF with three hundred programs attached": hostile.with_attachments,
    "a PDF of ten thousand pages": hostile.many_pages,
    "a PDF that announces two thousand million pages": hostile.announced_pages,
    "a PDF with a page of a thousand million points": hostile.giant_box,
    "a PDF with a page without width": hostile.thin_box,
    "a PDF with impossible pages": hostile.mad_boxes,
    "a PDF nested two hundred thousand times": hostile.deep_nesting,
    "a PDF of dictionaries in dictionaries": hostile.deep_dictionaries,
    "a PDF that keeps a million drawings open": hostile.deep_graphics,
    "a PDF whose table names itself": hostile.table_of_itself,
    "a PDF with an image of sixty thousand pixels a side": hostile.image_in_pdf_bomb,
    "a PDF of a million million dashes": hostile.endless_dashes,
    "a TIFF whose image is followed by itself": hostile.endless_tiff,
    "a PDF that is a page after its end": lambda: pdf() + hostile.HTML,
    "a PDF that is a page at its second line": lambda: pdf().replace(b"\n", b"\n%" + hostile.HTML + b"\n", 1),
    "a PDF that is an archive": lambda: pdf() + hostile.zipped(page=hostile.HTML),
    "a photo that is a page": lambda: picture() + hostile.HTML,
    "a photo that is an archive": lambda: picture() + hostile.zipped(page=hostile.HTML),
    "a photo that calls itself a page": lambda: (
        picture()[:2] + b"\xff\xfe\0\x60" + hostile.HTML.ljust(0x5E) + picture()[2:]
    ),
}
SET_ASIDE = {
    "a PDF whose tree of pages is endless": (hostile.endless_pages, SetAside.UNREADABLE),
    "a PDF whose table is broken": (hostile.broken_table, SetAside.UNREADABLE),
    "a PDF of nothing but noise": (
        lambda: b"%PDF-1.7\n" + hostile.noise(100_000) + b"%%EOF",
        SetAside.UNREADABLE,
    ),
    "a PDF that draws itself a thousand million times": (hostile.forms_of_forms, SetAside.UNREADABLE),
    "a PDF of four gigabytes, deflated": (hostile.stream_bomb, SetAside.UNREADABLE),
    "a PDF of four gigabytes, deflated twice": (hostile.doubled_stream_bomb, SetAside.UNREADABLE),
    "a PNG with gigabytes of words": (hostile.png_text_bomb, SetAside.UNREADABLE),
    "a WebP with a frame larger than it says": (hostile.webp_bomb, SetAside.UNREADABLE),
    "a TIFF of 3600 million pixels": (hostile.tiff_bomb, SetAside.TOO_LARGE),
    "a HEIC that announces 3600 million pixels": (hostile.heic_bomb, SetAside.TOO_LARGE),
    "a photo cut in the middle": (lambda: CUT_PHOTO[: len(CUT_PHOTO) // 2], SetAside.UNREADABLE),
    "a HEIC cut in the middle": (lambda: picture("HEIF")[:-150], SetAside.UNREADABLE),
    "a WebP cut in the middle": (lambda: picture("WEBP")[:-40], SetAside.UNREADABLE),
    "a TIFF cut in the middle": (
        lambda: picture("TIFF", (300, 300))[:60_000],
        SetAside.UNREADABLE,
    ),
    "a photo of noise": (lambda: picture()[:700] + hostile.noise(50_000), SetAside.UNREADABLE),
}
REFUSED = {
    "a PNG of 3600 million pixels": (hostile.png_bomb, FileRefusal.TOO_MANY_PIXELS),
    "a JPEG of 3600 million pixels": (hostile.jpeg_bomb, FileRefusal.TOO_MANY_PIXELS),
    "a WebP of 268 million pixels": (hostile.lossless_webp_bomb, FileRefusal.TOO_MANY_PIXELS),
    "a page before a PDF": (lambda: hostile.HTML + pdf(), FileRefusal.FORMAT),
    "an archive before a PDF": (lambda: hostile.zipped(x=b"x") + pdf(), FileRefusal.FORMAT),
    "a program before a PDF": (lambda: hostile.program() + pdf(), FileRefusal.FORMAT),
    "an SVG": (lambda: hostile.SVG, FileRefusal.FORMAT),
    "a page": (lambda: hostile.HTML, FileRefusal.FORMAT),
    "a page that says it is a picture": (lambda: b"GIF89a/*" + hostile.HTML, FileRefusal.FORMAT),
    "a letter of Word": (hostile.docx, FileRefusal.FORMAT),
    "a program": (hostile.program, FileRefusal.FORMAT),
    "a script": (lambda: b"#!/bin/sh\nrm -rf /\n", FileRefusal.FORMAT),
    "noise": (lambda: hostile.noise(100_000), FileRefusal.FORMAT),
    "nothing": (lambda: b"", FileRefusal.EMPTY),
    "one byte": (lambda: b"%", FileRefusal.FORMAT),
    "a PDF cut in the middle": (lambda: pdf(20)[:-800], FileRefusal.CUT),
    "a PNG cut in the middle": (lambda: picture("PNG")[:-30], FileRefusal.CUT),
    "a PNG without a header": (lambda: picture("PNG").replace(b"IHDR", b"XXXX"), FileRefusal.FORMAT),
    "a JPEG of four bytes": (lambda: b"\xff\xd8\xff\xe0", FileRefusal.CUT),
    "a file of a video": (lambda: b"\0\0\0\x18ftypmp42" + bytes(5000), FileRefusal.FORMAT),
}
SLOW = {
    "a PDF of endless tiles": hostile.endless_tiles,
    "a PDF of fifty slow pages": hostile.slow_pages,
    "a photo of two thousand scans": hostile.jpeg_of_many_scans,
}


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(budget, "QUICK_SECONDS", AS_THE_WORKER)
    yield
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < MOST_MEMORY_KB, "of all the processes that drew so far"


def received(content: bytes, name: str = "facture.pdf") -> Arrived | RefusedFile:
    intake = UploadBatch()
    intake.begin(name)
    assert intake.current is not None
    for at in range(0, len(content), 1 << 17):
        intake.current.write(content[at : at + (1 << 17)])
    ended = intake.end()
    intake.drop_the_rest()
    return ended


def treated(document: Document) -> Document:
    """As the worker does, without its waits: both lanes by turns, until the document is drawn or set aside.

    On a busy machine one that died in the quick lane may run out of time there before its last try: it has all its tries again
    in the lane of the long drawings.
    """
    for slow in (False, True) * (2 * rendition.TRIES):
        Document.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())
        start = time.monotonic()
        draw_due(limit=1, slow=slow)
        taken = time.monotonic() - start
        assert taken < SECONDS or (slow and taken < process.SECONDS + 5)
    document.refresh_from_db()
    return document


def and_the_next_one(member: Member) -> None:
    assert treated(deposited(member, pdf())).state == State.CHECKED


@pytest.mark.parametrize("make", DRAWN.values(), ids=DRAWN.keys())
def test_what_harms_only_who_opens_it_is_drawn_as_pixels(
    member: Member, signed_in: Client, make: Callable[[], bytes]
) -> None:
    content = make()
    document = treated(deposited(member, content))
    assert (document.state, document.set_aside) == (State.CHECKED, "")
    assert 1 <= document.pages.count() <= MOST_PAGES
    answer = signed_in.get(f"/adherent/documents/{document.pk}/telecharger/")
    assert b"".join(answer.streaming_content) == content, "as it was sent"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Content-Type"] in {"application/pdf", "image/jpeg", "image/tiff"}


@pytest.mark.parametrize(("make", "reason"), SET_ASIDE.values(), ids=SET_ASIDE.keys())
def test_what_cannot_be_drawn_is_set_aside_and_the_worker_goes_on(
    member: Member, signed_in: Client, sentences: Text, make: Callable[[], bytes], reason: SetAside
) -> None:
    document = treated(deposited(member, make()))
    assert (document.state, document.set_aside, document.next_attempt_at) == (State.RECEIVED, reason, None)
    page = sentences(signed_in.get(f"/adherent/documents/{document.pk}/"))
    assert str(reason.label) in page
    assert "Nous n’avons pas pu ouvrir ce fichier" in page
    and_the_next_one(member)


@pytest.mark.parametrize("name", ["facture.pdf", "photo.JPG", "image.svg", "x.exe"])
@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_document_does_not_enter_whatever_its_name(
    name: str, make: Callable[[], bytes], reason: FileRefusal
) -> None:
    start = time.monotonic()
    content = make()
    made = time.monotonic()
    ended = received(content, name)
    assert time.monotonic() - made < SECONDS, made - start
    assert isinstance(ended, RefusedFile)
    assert ended.reason is reason
    assert ended.sentence.count(".") >= 2 or "," in ended.sentence, "what is wrong, and what to do"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_a_document_under_a_wrong_name_is_what_its_content_says(member: Member, kind: str) -> None:
    document = treated(deposited(member, picture(kind), "virus.exe.pdf"))
    assert document.state == State.CHECKED
    assert document.content_type == {"HEIF": "image/heic"}.get(kind, f"image/{kind.lower()}")


@pytest.mark.parametrize("make", SLOW.values(), ids=SLOW.keys())
def test_what_takes_too_long_is_killed_set_aside_and_the_worker_goes_on(
    member: Member, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes]
) -> None:
    content = make()
    monkeypatch.setattr(budget, "QUICK_SECONDS", 1)
    monkeypatch.setattr(process, "SECONDS", 2)
    document = deposited(member, content)
    start = time.monotonic()
    assert draw_due() == 1
    document.refresh_from_db()
    assert (document.slow, document.set_aside) == (True, ""), "a short while is not yet its fault"
    treated(document)
    assert time.monotonic() - start < SECONDS
    assert (document.state, document.set_aside) == (State.RECEIVED, SetAside.UNREADABLE)
    assert document.next_attempt_at is None, "nor tried again"
    monkeypatch.undo()
    and_the_next_one(member)


def test_a_round_that_has_been_long_ends_so_that_mails_leave(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        deposited(member, pdf())
    monkeypatch.setattr(rendition, "ROUND_SECONDS", 0)
    assert draw_due() == 1


def test_an_error_that_nobody_foresaw_holds_up_nobody_else(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = deposited(member, pdf()), deposited(member, pdf())
    real = rendition._draw

    def fails(document: Document, budget: Budget) -> Any:
        if document.pk == first.pk:
            raise RuntimeError("nobody foresaw it")
        return real(document, budget)

    monkeypatch.setattr(rendition, "_draw", fails)
    assert draw_due() == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.RECEIVED, State.CHECKED)
    assert first.next_attempt_at is not None
    assert first.next_attempt_at > timezone.now()


def test_the_process_that_draws_has_its_limits_before_it_reads_a_byte() -> None:
    content = hostile.many_pages()
    with Drawing("application/pdf", len(content)) as drawing:
        drawing.feed([content])
        next(drawing.pages())
        table = Path(f"/proc/{drawing._child.process.pid}/limits").read_text()
    limits = {line[:25].strip(): line[26:46].strip() for line in table.splitlines()[1:]}
    assert limits["Max address space"] == str(MEMORY_BYTES + 2 * len(content))
    assert MEMORY_BYTES < MOST_MEMORY_KB * 1024
    assert limits["Max cpu time"] == str(process.SECONDS)
    wanted = {"Max file size": "0", "Max core file size": "0", "Max open files": "3", "Max processes": "0"}
    assert {name: limits[name] for name in wanted} == wanted


NAMES = {
    "a path": ("../../etc/passwd.pdf", "passwd.pdf"),
    "a path of Windows": ("C:\\Users\\Camille\\..\\releve.pdf", "releve.pdf"),
    "a right-to-left mark": ("facture\u202efdp.exe", "facturefdp.exe"),
    "isolates and invisible letters": ("\u2066re\u200bleve\u2069\ufeff.pdf", "releve.pdf"),
    "newlines": ("relevé\r\nSet-Cookie: a=b\n.pdf", "relevé Set-Cookie_ a=b .pdf"),
    "quotes": ('l\'"été" <b>.pdf', "l'_été_ _b_.pdf"),
    "NUL": ("releve.pdf\0.exe", "releve.pdf.exe"),
    "a device": (" .. ", "document"),
    "nothing": ("", "document"),
    "dots": ("...", "document"),
    "emoji": ("🧾 facture 👩‍⚕️.pdf", "🧾 facture 👩⚕️.pdf"),
    "markup": ("<img src=x onerror=alert(1)>.pdf", "_img src=x onerror=alert(1)_.pdf"),
    "a template": ("{{ settings.SECRET_KEY }}{% debug %}.pdf", "{{ settings.SECRET_KEY }}{% debug %}.pdf"),
    "format marks": ("%s%n%(x)s.pdf", "%s%n%(x)s.pdf"),
}


@pytest.mark.parametrize(("given", "kept"), NAMES.values(), ids=NAMES.keys())
def test_a_name_is_made_safe_shown_as_words_and_given_back_in_one_header(
    member: Member, signed_in: Client, given: str, kept: str
) -> None:
    document = deposited(member, pdf(), given)
    assert document.name == kept
    page = signed_in.get(f"/adherent/documents/{document.pk}/").content.decode()
    assert kept in unescape(page)
    assert "<img" not in page
    header = signed_in.get(f"/adherent/documents/{document.pk}/telecharger/")["Content-Disposition"]
    assert header.isascii()
    assert not set(header) & set("\r\n\0")
    parsed = EmailMessage()
    parsed["Content-Disposition"] = header
    assert parsed.get_content_disposition() == "attachment"
    assert "/" not in (parsed.get_filename() or "")
    assert "\\" not in (parsed.get_filename() or "")


@pytest.mark.parametrize("letter", ["a", "é", "👩", "\u0301"])
def test_a_name_of_three_hundred_letters_keeps_its_extension(member: Member, letter: str) -> None:
    document = deposited(member, pdf(), letter * 300 + ".pdf")
    assert len(document.name) <= LONGEST
    assert document.name.endswith(".pdf")


def test_names_come_in_through_a_form_as_well(signed_in: Client) -> None:
    for given in ("../../x.pdf", "a\u202eb.pdf", "a\nb.pdf", '"; filename="y.pdf'):
        made = upload(pdf())
        made._name = given  # type: ignore[attr-defined]  # SimpleUploadedFile would clean it, a browser need not
        assert send(signed_in, made).status_code == 302
    for name in Document.objects.values_list("name", flat=True):
        assert not set(name) & set('/\\\r\n\u202e"')


def test_a_mixed_sending_keeps_what_is_right_and_says_why_of_each_other(
    signed_in: Client, sentences: Text
) -> None:
    files = [
        SimpleUploadedFile("releve.pdf", pdf()),
        SimpleUploadedFile("page.pdf", hostile.HTML),
        SimpleUploadedFile("vide.pdf", b""),
        SimpleUploadedFile("bombe.png", hostile.png_bomb()),
        SimpleUploadedFile("coupe.png", picture("PNG")[:-30]),
    ]
    page = sentences(signed_in.get(send(signed_in, *files)["Location"]))
    for name, reason in (
        ("page.pdf", FileRefusal.FORMAT),
        ("vide.pdf", FileRefusal.EMPTY),
        ("bombe.png", FileRefusal.TOO_MANY_PIXELS),
        ("coupe.png", FileRefusal.CUT),
    ):
        assert f"{name} {reason.label}" in page
    assert [document.name for document in Document.objects.all()] == ["releve.pdf"]
    assert not PendingFile.objects.exists()
