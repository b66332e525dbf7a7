"""The member's pages: what they say in every state, and what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Deposit, Document, SetAside, State
from adherents.vault.services.rendition import draw_due
from tests.vault.conftest import deposited, pdf, send, upload

Text = Callable[[Any], str]
pytestmark = pytest.mark.django_db
LIST = "/adherent/documents/"


def invent(member: Member, count: int) -> None:
    for number in range(count):
        deposit = Deposit.objects.create(number=f"D-2025-{number:06d}", member=member)
        Document.objects.create(
            deposit=deposit,
            member=member,
            kind="rib",
            name=f"{number}.pdf",
            content_type="application/pdf",
            size=1000,
            sha256="0" * 64,
            wrapped_key=b"",
            storage_name=f"none/{member.pk}/{number}",
            at=timezone.now(),
        )


@pytest.mark.rule("G13")
def test_an_empty_list_says_what_will_be_there(signed_in: Client, sentences: Text) -> None:
    page = sentences(signed_in.get(LIST))
    assert "Vous n’avez encore rien envoyé." in page
    assert "Envoyer un document" in page
    assert "Vos documents sont chiffrés dès leur envoi." in page


def test_the_list_is_newest_first_and_by_pages(signed_in: Client, member: Member, sentences: Text) -> None:
    invent(member, 25)
    first, second = sentences(signed_in.get(LIST)), sentences(signed_in.get(LIST + "?page=2"))
    assert " 24.pdf" in first
    assert " 5.pdf" in first
    assert " 4.pdf" not in first
    assert " 4.pdf" in second
    assert "Page 1 sur 2" in first


@pytest.mark.parametrize("page", ["", "envoyer/", "receipt", "document"])
def test_a_page_costs_eight_queries_at_most_however_many_documents(
    signed_in: Client, member: Member, page: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, 4):
        Beneficiary.objects.create(member=member, rank=number, birth_name="ESSAI", first_names="Lou")
    send(signed_in, *(upload(pdf(), f"{number}.pdf") for number in range(12)))
    document = Document.objects.first()
    addresses = {
        "receipt": f"{LIST}accuses/{document.deposit.number}/",
        "document": f"{LIST}{document.pk}/",
    }
    with django_assert_max_num_queries(8) as few:
        assert signed_in.get(addresses.get(page, LIST + page)).status_code == 200
    invent(member, 30)
    with django_assert_max_num_queries(len(few)):
        assert signed_in.get(addresses.get(page, LIST + page)).status_code == 200


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.RECEIVED, ["Reçu", "Réponse", "attendue avant le"]),
        (State.IN_PROGRESS, ["En cours", "Réponse"]),
        (State.ACCEPTED, ["Accepté"]),
        (State.REFUSED, ["Refusé"]),
        (State.INCOMPLETE, ["À compléter"]),
    ],
)
def test_each_state_is_told_in_words_with_its_line_of_time(
    signed_in: Client, member: Member, sentences: Text, state: State, words: list[str]
) -> None:
    document = deposited(member, pdf())
    Document.objects.filter(pk=document.pk).update(state=state, checked_at=timezone.now())
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    for word in words:
        assert word in page


def test_a_checked_document_says_so(signed_in: Client, member: Member, sentences: Text) -> None:
    document = deposited(member, pdf())
    draw_due()
    assert "Vérifié" in sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "Vérifié" in sentences(signed_in.get(LIST))


def test_a_document_set_aside_says_why_and_what_to_do(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    document = deposited(member, pdf())
    Document.objects.filter(pk=document.pk).update(set_aside=SetAside.UNREADABLE)
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "Illisible" in page
    assert "Envoyez-le à nouveau, ou photographiez le document." in page
    assert "Illisible" in sentences(signed_in.get(LIST))


def test_every_page_is_whole_in_english(signed_in: Client, member: Member, sentences: Text) -> None:
    signed_in.cookies["langue"] = "en"
    document = deposited(member, pdf())
    assert "My documents" in sentences(signed_in.get(LIST))
    page = sentences(signed_in.get(LIST + "envoyer/"))
    for words in (
        "Send a document",
        "Take a photo",
        "Choose files",
        "20 MB a file, 20 files",
        "Bank details (RIB)",
    ):
        assert words in page
    receipt = sentences(signed_in.get(f"{LIST}accuses/{document.deposit.number}/"))
    assert "It has arrived" in receipt
    assert f"Receipt no. {document.deposit.number}" in receipt
    assert "Received" in sentences(signed_in.get(f"{LIST}{document.pk}/"))


def test_the_files_of_a_deposit_are_shown_in_the_order_in_which_they_came(
    signed_in: Client, sentences: Text
) -> None:
    names = [f"{letter}.pdf" for letter in "dbeac"]
    answer = send(signed_in, *(upload(pdf(), name) for name in names))
    for page in (sentences(signed_in.get(answer["Location"])), sentences(signed_in.get(LIST))):
        assert sorted(names, key=page.index) == names


def test_a_members_file_name_is_shown_as_text(signed_in: Client, member: Member) -> None:
    send(signed_in, upload(pdf(), "<img src=x onerror=alert(1)>.pdf"))
    deposit = Deposit.objects.get()
    for address in (LIST, f"{LIST}accuses/{deposit.number}/"):
        assert b"<img" not in signed_in.get(address).content
