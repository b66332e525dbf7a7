"""Finding a member, and what the file shows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from adherents.accounts.models import Account, SignInCounter
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Deposit, Document
from tests.cast import CAMILLE, EVE, NO_MAIL, TWIN_LEA, TWIN_ZOE
from tests.factories import add_to_register
from tests.vault.conftest import deposited, pdf

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["70100001", "7010 0001", "dupont", "Camille Dupont", "camille@example.org"]
)
def test_the_one_member_found_opens_at_once(register: None, desk: Client, typed: str) -> None:
    camille = Member.objects.get(number=CAMILLE.number)
    answer = desk.get("/gestion/adherents/", {"q": typed})
    assert answer.url == f"/gestion/adherents/{camille.pk}/"  # type: ignore[attr-defined]


def test_twins_are_both_listed(register: None, desk: Client, words: Words) -> None:
    shown = words(desk.get("/gestion/adherents/", {"q": "marty"}))
    assert "2 adhérents trouvés" in shown
    assert "Léa MARTY" in shown
    assert "Zoé MARTY" in shown
    assert TWIN_LEA.email in shown
    assert TWIN_ZOE.nir not in shown


def test_nobody_found_says_what_to_try(register: None, desk: Client, words: Words) -> None:
    shown = words(desk.get("/gestion/adherents/", {"q": "zzz"}))
    assert "Personne n’a été trouvé" in shown
    assert "Essayez le n° adhérent" in shown


def test_a_near_spelling_is_said_as_such_and_never_opened_by_itself(
    register: None, desk: Client, words: Words
) -> None:
    page = desk.get("/gestion/adherents/", {"q": "Mme Dupond"})
    shown = words(page)
    assert "1 nom d’orthographe proche" in shown
    assert "Orthographe proche\xa0: Dupont" in page.content.decode()
    assert not Entry.objects.filter(event=Event.MEMBER_CONSULTED).exists()


def test_other_spellings_can_be_asked_for_beside_those_who_were_found(
    register: None, desk: Client, words: Words
) -> None:
    for rank in range(2):
        add_to_register(replace(CAMILLE, number=f"A{rank}", birth_name="Dupond"))
    assert "Chercher aussi les orthographes proches" in words(
        desk.get("/gestion/adherents/", {"q": "dupond"})
    )
    asked = desk.post("/gestion/adherents/", {"q": "dupond", "near": "1"}, follow=True)
    assert "1 nom d’orthographe proche" in words(asked)
    assert "Camille DUPONT" in words(asked)


LOOSE = [
    "D-2026-000154",
    "d2026000154",
    "D 2026 154",
    "2026-154",
    "n° D-2026-000154",
    "accusé n° d-2026-154",
    "D.2026.000154",
]


@pytest.mark.parametrize("typed", LOOSE)
@pytest.mark.one_on_postgresql
def test_a_receipts_number_opens_its_only_document(member: Member, desk: Client, typed: str) -> None:
    document = deposited(member, pdf())
    Deposit.objects.update(number="D-2026-000154")
    answer = desk.post("/gestion/adherents/", {"q": typed})
    assert answer.url == f"/gestion/documents/{document.pk}/"  # type: ignore[attr-defined]


def test_a_receipt_of_several_documents_lists_them_with_their_member(
    member: Member, desk: Client, words: Words
) -> None:
    first, second = deposited(member, pdf()), deposited(member, pdf())
    Document.objects.filter(pk=second.pk).update(deposit=first.deposit, rank=2)
    page = desk.post("/gestion/adherents/", {"q": first.deposit.number})
    shown = words(page)
    assert f"Envoi {first.deposit.number}" in shown
    assert "Camille DUPONT" in shown
    for document in (first, second):
        assert f"/gestion/documents/{document.pk}/" in page.content.decode()
    assert "Personne n’a été trouvé" in words(desk.post("/gestion/adherents/", {"q": "D-2026-999999"}))


@pytest.mark.parametrize(
    "typed", ["?!", "\x00", "a\x00@", "0" * 500, "%_'\"", "🙂", "d-2026-99999999999999999999"]
)
@pytest.mark.any_database
def test_nonsense_is_answered_by_a_sentence(desk: Client, words: Words, typed: str) -> None:
    shown = words(desk.post("/gestion/adherents/", {"q": typed}, follow=True))
    assert "Essayez le n° adhérent" in shown or "Tapez un n° adhérent" in shown


def test_the_file_shows_who_and_where_the_account_is(member: Member, desk: Client, words: Words) -> None:
    shown = words(desk.get(f"/gestion/adherents/{member.pk}/"))
    for part in ("Camille DUPONT", "7010 0001", "05/03/1954", "camille@example.org", "compte actif"):
        assert part in shown.replace("\xa0", " ")


def test_a_member_who_never_connected_says_so(newcomer: Member, desk: Client, words: Words) -> None:
    assert "jamais connecté" in words(desk.get(f"/gestion/adherents/{newcomer.pk}/"))


def test_a_locked_account_says_until_when(member: Member, desk: Client, words: Words) -> None:
    SignInCounter.objects.create(
        identifier_index=SignInCounter.index(member.number), failures=5, locked_at=timezone.now()
    )
    shown = words(desk.get(f"/gestion/adherents/{member.pk}/"))
    assert "compte bloqué" in shown
    assert "jusqu’au" in shown
    assert "Mettre fin au blocage" in shown


def test_a_beneficiarys_nir_is_shown_masked(member: Member, desk: Client) -> None:
    child = Beneficiary(member=member, rank=1, birth_name="DUPONT", first_names="Léo", relation="enfant")
    child.set_nir(EVE.nir)
    child.save()
    page = desk.get(f"/gestion/adherents/{member.pk}/").content.decode()
    assert child.masked_nir in page
    assert EVE.nir not in "".join(filter(str.isdigit, page))


def test_the_nir_is_masked_until_its_reason_is_given(member: Member, desk: Client) -> None:
    page = f"/gestion/adherents/{member.pk}/"

    def digits() -> str:
        html = desk.get(page).content.decode()
        return "".join(character for character in html if character.isdigit())

    assert CAMILLE.nir not in digits()
    assert desk.post(f"{page}nir/", {"reason": ""}).status_code == 200
    assert CAMILLE.nir not in digits()
    assert desk.post(f"{page}nir/", {"reason": "Contrôle d’une attestation"}).status_code == 302
    assert CAMILLE.nir in digits()
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert CAMILLE.nir not in digits()
    entry = Entry.objects.get(event=Event.NIR_SHOWN)
    assert (entry.subject, entry.details["reason"]) == (member.subject, "Contrôle d’une attestation")


def test_a_nir_that_is_shown_shows_for_one_member_only(member: Member, desk: Client) -> None:
    eve = add_to_register(EVE)
    desk.post(f"/gestion/adherents/{member.pk}/nir/", {"reason": "Contrôle"})
    html = desk.get(f"/gestion/adherents/{eve.pk}/").content.decode()
    digits = "".join(character for character in html if character.isdigit())
    assert EVE.nir not in digits
    assert CAMILLE.nir not in digits


def test_a_look_at_a_file_is_journalled_once_a_visit(member: Member, agent: Account, desk: Client) -> None:
    for _ in range(3):
        desk.get(f"/gestion/adherents/{member.pk}/")
    looks = Entry.objects.filter(event=Event.MEMBER_CONSULTED, subject=member.subject)
    assert [look.actor for look in looks] == [f"agent:{agent.pk}"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        desk.get(f"/gestion/adherents/{member.pk}/")
    assert looks.all().count() == 2


def test_the_last_files_are_one_click_away(member: Member, desk: Client, words: Words) -> None:
    desk.get(f"/gestion/adherents/{member.pk}/")
    assert "Vos derniers dossiers Camille DUPONT" in words(desk.get("/gestion/"))


@pytest.mark.rule("G10")
def test_the_members_whom_nothing_can_reach_are_a_list(register: None, desk: Client, words: Words) -> None:
    odette = Member.objects.get(number=NO_MAIL.number)
    shown = words(desk.get("/gestion/adherents/sans-adresse/"))
    assert odette.name in shown
    assert "Camille" not in shown
    assert "1 adhérent qu’aucun mail ne peut joindre" in words(desk.get("/gestion/"))


def test_a_file_costs_the_same_queries_whatever_its_number_of_documents(
    member: Member, desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page = f"/gestion/adherents/{member.pk}/"
    desk.get(page)
    with django_assert_max_num_queries(12):
        desk.get(page)
    for _ in range(5):
        deposited(member, pdf())
    with django_assert_max_num_queries(12):
        desk.get(page)
