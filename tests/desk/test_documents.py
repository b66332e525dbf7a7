"""A document at the desk: pages as pixels, each opening journalled, never the original."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from adherents.accounts.models import Account
from adherents.desk.models import Zoom
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
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


def test_an_agent_reads_page_after_page_by_its_number_too(desk: Client, document: Document) -> None:
    page = f"/gestion/documents/{document.pk}/"
    assert 'aria-label="Page 1 sur 3"' in desk.get(page).content.decode()
    html = desk.get(f"{page}?page=2").content.decode()
    assert 'aria-label="Page 2 sur 3"' in html
    assert f'href="{page}?page=1" rel="prev"' in html
    assert f'href="{page}?page=3" rel="next"' in html
    assert [f"{page}pages/{number}/vignette/" in html for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert desk.get(f"{page}pages/3/").status_code == 200
    assert desk.get(f"{page}?page=4").status_code == 404
    assert desk.get(f"{page}?page=0").status_code == 404


def test_a_turn_counts_for_its_own_page_and_is_still_there_when_one_comes_back(
    desk: Client, document: Document
) -> None:
    page = f"/gestion/documents/{document.pk}/"
    turned = desk.get(f"{page}?page=2&turned=2-90").content.decode()
    assert "rotate(90)" in turned
    assert f'href="{page}?page=3&amp;turned=2-90" rel="next"' in turned
    assert f'href="{page}?page=2&amp;turned=2-180"' in turned
    assert "rotate(" not in desk.get(f"{page}?page=3&turned=2-90").content.decode()
    for untrue in ("2-45", "2", "-90", "x-90", "99999-90"):
        assert "rotate(" not in desk.get(f"{page}?page=2&turned={untrue}").content.decode()


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


def test_how_large_an_agent_reads_is_remembered_for_the_kind_on_whatever_machine(
    desk: Client, agent: Account, member: Member, document: Document
) -> None:
    here, other = f"/gestion/documents/{document.pk}/", deposited(member, pdf())
    Document.objects.filter(pk=other.pk).update(kind="devis")
    run_until_nothing_is_left()
    assert "zoom-100" in desk.get(here).content.decode()
    chosen = desk.post(f"{here}zoom/", {"zoom": "150", "back": f"{here}?page=2&turned=2-90"})
    assert chosen["Location"] == f"{here}?page=2&turned=2-90"
    assert Zoom.objects.of(agent, document.kind) == "150"  # neither in the session nor in the browser
    assert "zoom-150" in desk.get(here).content.decode()
    assert "zoom-100" in desk.get(f"/gestion/documents/{other.pk}/").content.decode()
    assert "zoom-100" in signed_in(make_agent(address="paul@mese.example")).get(here).content.decode()
    desk.post(f"{here}zoom/", {"zoom": "page"})
    assert "zoom-page" in desk.get(here).content.decode()
    assert Zoom.objects.count() == 1


def test_a_size_that_there_is_not_and_a_way_back_that_leads_out_are_refused(
    desk: Client, document: Document
) -> None:
    here = f"/gestion/documents/{document.pk}/"
    assert desk.post(f"{here}zoom/", {"zoom": "evil"}).status_code == 404
    for out in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", ""):
        assert desk.post(f"{here}zoom/", {"zoom": "200", "back": out})["Location"] == here


def test_a_thumbnail_of_each_page_is_small_and_an_opening(desk: Client, document: Document) -> None:
    for number in (1, 2):
        answer = desk.get(f"/gestion/documents/{document.pk}/pages/{number}/vignette/")
        assert max(Image.open(io.BytesIO(answer.content)).size) == 240
    assert answer["Cache-Control"] == "no-store"
    assert Entry.objects.filter(event=Event.DOCUMENT_OPENED, subject=document.subject).count() == 1
    assert desk.get(f"/gestion/documents/{document.pk}/pages/9/vignette/").status_code == 404


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
