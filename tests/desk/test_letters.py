"""Letters at the desk: one from a file, a batch from a list, downloaded for an hour (G10)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import AccessLink, Role
from adherents.enrolment.models import LetterBatch
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.work.services import run_once
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, NO_MAIL
from tests.enrolment.letters import code_in, pages_of
from tests.factories import add_to_register

Words = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]
LIST = "/gestion/adherents/sans-adresse/"


def test_a_letter_for_one_member_is_downloaded_from_the_page_that_follows(desk: Client, words: Words) -> None:
    odette = add_to_register(NO_MAIL)
    file = f"/gestion/adherents/{odette.pk}/"
    assert "Préparer un courrier" in words(desk.get(file))
    answer = desk.post(f"{file}courrier/", {"reason": "A appelé le 12"}, follow=True)
    assert "1 courrier est prêt" in words(answer)
    page = answer.redirect_chain[-1][0]
    pdf = desk.post(f"{page}pdf/")
    assert (pdf["Content-Type"], pdf["Cache-Control"]) == ("application/pdf", "no-store")
    assert pdf["Content-Disposition"].startswith("attachment")
    assert code_in(pages_of(pdf.content)[0])
    assert NO_MAIL.number in desk.post(f"{page}liste/").content.decode()
    assert "ouvre encore" in words(desk.get(file))
    assert "son code n’ouvrira plus" in words(desk.get(f"{file}courrier/"))
    assert "Ces fichiers sont détruits" in words(desk.post(f"{page}destruction/", follow=True))
    assert desk.post(f"{page}pdf/").status_code == 404
    assert AccessLink.objects.live().letters().exists()


def test_a_member_whom_mails_reach_gets_no_letter(desk: Client, words: Words) -> None:
    camille = add_to_register(CAMILLE)
    file = f"/gestion/adherents/{camille.pk}/"
    assert "Préparer un courrier" not in words(desk.get(file))
    assert "Un courrier se fait pour" in words(desk.post(f"{file}courrier/", {"reason": "A appelé"}))
    assert not LetterBatch.objects.exists()


def test_a_supervisor_prepares_the_letters_of_a_list(db: None, words: Words) -> None:
    for rank in range(3):
        add_to_register(replace(NO_MAIL, number=f"B{rank}"))
    desk = signed_in(make_agent(Role.SUPERVISOR))
    assert "Préparer les courriers" in words(desk.get(LIST))
    assert "3 adhérents de la liste" in words(desk.get(f"{LIST}courriers/"))
    assert "Dites pourquoi" in words(desk.post(f"{LIST}courriers/", {"reason": ""}))
    answer = desk.post(f"{LIST}courriers/", {"reason": "Campagne d’automne"}, follow=True)
    assert "Courriers en préparation" in words(answer)
    page = answer.redirect_chain[-1][0]
    run_once("letters")
    assert "3 courriers sont prêts" in words(desk.get(page))
    assert len(pages_of(desk.post(f"{page}pdf/").content)) == 3
    assert "Campagne d’automne" in words(desk.get("/gestion/courriers/"))
    assert "du " in words(desk.get(LIST))
    assert "Personne n’attend de courrier" in words(desk.post(f"{LIST}courriers/", {"reason": "Encore une"}))
    made = Entry.objects.filter(event=Event.LETTER_MADE)
    assert {entry.details["reason"] for entry in made} == {"Campagne d’automne"}
    assert made.count() == 3


def test_an_adviser_prepares_no_batch_and_sees_no_colleagues_letters(desk: Client, words: Words) -> None:
    odette = add_to_register(NO_MAIL)
    assert "Préparer les courriers" not in words(desk.get(LIST))
    assert desk.get(f"{LIST}courriers/").status_code == 403
    other = signed_in(make_agent(Role.SUPERVISOR))
    page = other.post(f"/gestion/adherents/{odette.pk}/courrier/", {"reason": "A appelé"}).url  # type: ignore[attr-defined]
    for address in (page, f"{page}pdf/", f"{page}liste/", f"{page}destruction/"):
        method = desk.get if address == page else desk.post
        assert method(address).status_code == 404
    assert "A appelé" not in words(desk.get("/gestion/courriers/"))


def test_a_long_list_is_read_fifty_at_a_time_to_its_end(desk: Client, words: Words) -> None:
    for rank in range(120):
        add_to_register(replace(NO_MAIL, number=f"B{rank:03d}"))
    seen: list[str] = []
    address: str | None = LIST
    while address:
        html = desk.get(address).content.decode()
        seen += words_of_cells(html)
        following = [part for part in html.split('"') if part.startswith("?after=")]
        address = f"{LIST}{following[0]}" if following else None
        assert NO_MAIL.nir not in html
    assert seen == [f"B{rank:03d}" for rank in range(120)]
    assert desk.get(f"{LIST}?after=x").status_code == desk.get(f"{LIST}?after=999999999").status_code == 200


def words_of_cells(html: str) -> list[str]:
    """The numbers in the second column, in their order."""
    return re.findall(r'<td class="number">(B\d{3})</td>', html)
