"""What is told of a document on which nothing can be seen, or which only one person or program can open."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from adherents.mail.models import OutboxMail
from adherents.mail.services import send_due
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.services.erasing import take_back
from adherents.vault.services.rendition import draw_due
from tests.vault import papers
from tests.vault.conftest import browser_of, deposited, pdf, picture, send, upload

Text = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
LIST = "/adherent/documents/"


def drawn(member: Member, content: bytes) -> Document:
    document = deposited(member, content)
    assert draw_due() == 1
    document.refresh_from_db()
    return document


def plain(colour: Any, kind: str = "PNG", mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, (800, 600), colour).save(written, kind)
    return written.getvalue()


BLANK = {
    "white": lambda: plain("white"),
    "black": lambda: plain("black", "JPEG"),
    "a colour": lambda: plain((90, 140, 200), "HEIF"),
    "see-through": lambda: plain((0, 0, 0, 0), "PNG", "RGBA"),
    "nearly one colour": lambda: papers.saved(papers.quarters("L", [250, 252, 254, 255]), "PNG"),
    "grey of 16 bits": lambda: plain(40_000, "PNG", "I;16"),
    "a PDF": lambda: papers.pdf_with_a_page("blank"),
}


@pytest.mark.parametrize("make", BLANK.values(), ids=BLANK.keys())
def test_a_page_of_one_single_colour_is_never_told_as_checked_without_a_word(
    member: Member, signed_in: Client, sentences: Text, make: Callable[[], bytes]
) -> None:
    document = drawn(member, make())
    assert (document.state, document.set_aside) == (State.CHECKED, ""), "a blank page is never refused"
    assert document.blank_pages == ([2] if document.page_count == 3 else [1])
    seen = (
        "Rien ne se voit sur la page 2." if document.page_count == 3 else "Rien ne se voit sur sa seule page."
    )
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert re.search(rf"Vérifié .{{0,60}}{re.escape(seen)}", page)
    assert "envoyez-le à nouveau." in page
    assert seen in sentences(signed_in.get(LIST))
    signed_in.cookies["langue"] = "en"
    assert "Nothing can be seen on" in sentences(signed_in.get(f"{LIST}{document.pk}/"))


SOMETHING = {
    "a line of words": lambda: pdf(),
    "a photo": lambda: picture(),
    "a dot": lambda: papers.saved(_with_a_dot(), "PNG"),
    "grey of 16 bits": papers.png_grey_16,
    "pale grey of 16 bits": lambda: papers.tiff(papers.deep([900, 1000, 1010, 1023]), 16),
}


def _with_a_dot() -> Image.Image:
    paper = Image.new("RGB", (1000, 1400), "white")
    paper.paste("black", (501, 701, 504, 704))
    return paper


@pytest.mark.parametrize("make", SOMETHING.values(), ids=SOMETHING.keys())
def test_a_page_that_shows_anything_is_not_called_blank(
    member: Member, signed_in: Client, sentences: Text, make: Callable[[], bytes]
) -> None:
    document = drawn(member, make())
    assert (document.state, document.blank_pages) == (State.CHECKED, [])
    assert "Rien ne se voit" not in sentences(signed_in.get(f"{LIST}{document.pk}/"))


def test_every_blank_page_is_named_and_all_of_them_in_one_word(
    member: Member, signed_in: Client, sentences: Text
) -> None:
    sheets = [papers.SCENE, Image.new("RGB", papers.SIZE, "white")] * 2
    some = drawn(member, papers.saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:]))
    every = drawn(member, papers.saved(sheets[1], "TIFF", save_all=True, append_images=[sheets[1]]))
    assert (some.blank_pages, every.blank_pages) == ([2, 4], [1, 2])
    page = sentences(signed_in.get(f"{LIST}{some.pk}/"))
    assert "Rien ne se voit sur les pages 2, 4. C’est normal au dos d’une feuille." in page
    page = sentences(signed_in.get(f"{LIST}{every.pk}/"))
    assert "Rien ne se voit sur ses pages. Ouvrez votre fichier" in page


def test_a_gathered_photo_on_which_nothing_is_seen_is_named_too(member: Member) -> None:
    files = [upload(picture(), "a.jpg"), upload(plain("black"), "b.png")]
    assert send(browser_of(member), *files, gather="on").status_code == 302
    draw_due()
    document = Document.objects.get(photo_count=2)
    assert (document.state, document.blank_pages) == (State.CHECKED, [2])


def test_what_is_drawn_again_and_what_is_taken_back_names_no_blank_page_any_more(member: Member) -> None:
    document = drawn(member, plain("white"))
    take_back(acting=on_own_file(member), document_id=document.pk)
    document.refresh_from_db()
    assert document.blank_pages == []


REASONS = {
    SetAside.FORM_ONLY: (lambda: papers.please_wait(announced=True), "ouvrez-le avec lui, imprimez-le"),
    SetAside.LOCKED: (
        # Its lock is announced nowhere near its ends: it enters, and is found out by the drawing.
        lambda: papers.locked_by_certificate(padding=400_000),
        "ne s’ouvre que pour son destinataire",
    ),
}


@pytest.mark.parametrize(("reason", "make", "words"), [(r, *rest) for r, rest in REASONS.items()])
def test_what_one_program_or_person_only_can_open_says_what_to_do(
    member: Member,
    signed_in: Client,
    sentences: Text,
    mailoutbox: Any,
    reason: SetAside,
    make: Callable[[], bytes],
    words: str,
) -> None:
    document = drawn(member, make())
    assert (document.state, document.set_aside) == (State.RECEIVED, reason)
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert str(reason.label) in page
    assert words in page
    assert "nouveau PDF" in page
    assert OutboxMail.objects.filter(name="vault/cannot_be_read").count() == 1
    send_due()
    [mail] = [mail for mail in mailoutbox if "n’arrivons pas à ouvrir" in mail.subject]
    assert words in mail.body
    assert words in mail.alternatives[0][0]
    assert "Envoyez" not in mail.body.split(words)[0], "one advice, and not two"
    home = sentences(signed_in.get("/adherent/"))
    assert "logiciel comme Adobe Acrobat" in home or "ne s’ouvre que pour son destinataire" in home
