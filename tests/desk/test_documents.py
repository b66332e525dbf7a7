"""A document at the desk: pages as pixels, each opening journalled, never the original."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.work.services import run_until_nothing_is_left
from tests.vault import papers
from tests.vault.clamd import EICAR, Clamd
from tests.vault.conftest import deposited, pdf

Words = Callable[[Any], str]
# Pages about a document.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def document(member: Member) -> Document:
    sent = deposited(member, pdf(3))
    run_until_nothing_is_left()
    return sent


def test_an_agent_reads_page_after_page(desk: Client, document: Document, words: Words) -> None:
    page = f"/gestion/documents/{document.pk}/"
    assert "Page 1 sur 3" in words(desk.get(page))
    html = desk.get(f"{page}pages/2/").content.decode()
    assert f"{page}pages/1/?zoom=page" in html
    assert f"{page}pages/3/?zoom=page" in html
    assert desk.get(f"{page}pages/4/").status_code == 404
    assert desk.get(f"{page}pages/0/").status_code == 404


def test_a_page_is_a_picture_and_nothing_else(desk: Client, document: Document) -> None:
    answer = desk.get(f"/gestion/documents/{document.pk}/pages/1/image/")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    assert desk.get(f"/gestion/documents/{document.pk}/pages/9/image/").status_code == 404


def test_no_page_of_the_desk_leads_to_the_original(desk: Client, document: Document) -> None:
    html = desk.get(f"/gestion/documents/{document.pk}/").content.decode()
    assert "telecharger" not in html
    assert desk.get(f"/adherent/documents/{document.pk}/telecharger/").status_code == 403


def test_an_opening_is_journalled_once_though_its_pages_are_read(
    desk: Client, agent: Account, document: Document
) -> None:
    for place in ("", "pages/2/", "pages/2/image/", "pages/3/"):
        desk.get(f"/gestion/documents/{document.pk}/{place}")
    openings = Entry.objects.filter(event=Event.DOCUMENT_OPENED)
    assert [(entry.subject, entry.actor) for entry in openings] == [(document.subject, f"agent:{agent.pk}")]


def test_a_picture_asked_for_alone_is_an_opening_too(desk: Client, document: Document) -> None:
    desk.get(f"/gestion/documents/{document.pk}/pages/1/image/")
    assert Entry.objects.filter(event=Event.DOCUMENT_OPENED, subject=document.subject).exists()


def test_a_document_whose_pages_are_not_drawn_yet_says_so(desk: Client, member: Member, words: Words) -> None:
    waiting = deposited(member, pdf())
    assert "en cours de préparation" in words(desk.get(f"/gestion/documents/{waiting.pk}/"))


def test_zoom_is_a_link_and_only_a_known_one(desk: Client, document: Document) -> None:
    page = f"/gestion/documents/{document.pk}/pages/1/"
    assert 'class="page-image zoom-200"' in desk.get(f"{page}?zoom=200").content.decode()
    assert 'class="page-image zoom-page"' in desk.get(f"{page}?zoom=evil").content.decode()


def test_a_page_on_which_nothing_is_seen_is_told_beside_it(
    desk: Client, member: Member, words: Words
) -> None:
    document = deposited(member, papers.pdf_with_a_page("blank"))
    run_until_nothing_is_left()
    blank_page_note = "Rien ne se voit sur cette page C’est peut-être le dos d’une feuille."
    for number in (1, 2, 3):
        page = words(desk.get(f"/gestion/documents/{document.pk}/pages/{number}/"))
        assert (blank_page_note in page) == (number == 2)


def test_what_arrived_waits_at_the_desk_oldest_first(desk: Client, document: Document, words: Words) -> None:
    shown = words(desk.get("/gestion/"))
    assert "Camille DUPONT" in shown
    assert str(document.pk) in desk.get("/gestion/").content.decode()


def test_an_agent_sees_that_a_document_waits_for_the_antivirus(
    desk: Client, member: Member, words: Words, settings: Any
) -> None:
    settings.ADHERENTS_ANTIVIRUS = ("127.0.0.1", 1)
    document = deposited(member, pdf())
    run_until_nothing_is_left()
    page = words(desk.get(f"/gestion/documents/{document.pk}/"))
    assert "En attente d’analyse" in page
    assert "L’antivirus n’est pas joignable." in page
    assert "en attente d’analyse" in words(desk.get(f"/gestion/adherents/{member.pk}/"))
    assert desk.get(f"/gestion/documents/{document.pk}/pages/1/image/").status_code == 404


def test_an_agent_sees_what_was_set_aside_for_safety_and_not_its_pages(
    desk: Client, member: Member, words: Words, clamd: Clamd
) -> None:
    document = deposited(member, pdf() + EICAR)
    run_until_nothing_is_left()
    answer = desk.get(f"/gestion/documents/{document.pk}/")
    assert "Écarté par sécurité" in words(answer)
    assert "L’antivirus y a reconnu Eicar-Anywhere.UNOFFICIAL" in words(answer)
    assert "/image/" not in answer.content.decode()
    assert desk.get(f"/gestion/documents/{document.pk}/pages/1/image/").status_code == 404
