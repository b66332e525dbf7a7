"""What did not do, on top of the home page, until the right document is sent: from the mail to the receipt."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.casework.models import Outcome
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Document, SetAside, State
from tests.casework.replying import WORDS, settled
from tests.cast import EVE
from tests.factories import open_account
from tests.portal.test_member_pages import HOME, send
from tests.portal.test_public_pages import words_of
from tests.vault.conftest import pdf, upload, waiting

pytestmark = pytest.mark.django_db
SEND = "/adherent/documents/envoyer/"


def answer(client: Client, document: Document, **fields: str) -> Document:
    """Send the right document by the page that the button opens."""
    page = f"{SEND}?replaces={document.pk}"
    sent = client.post(page, {"kind": document.kind, "files": [upload(pdf())], **fields})
    assert sent.status_code == 302, words_of(sent.text)
    return Document.objects.exclude(pk=document.pk).latest("at")


def main_of(client: Client, address: str = HOME) -> str:
    return client.get(address).text.split("<main", 1)[1].split("</main", 1)[0]


def test_a_refusal_is_on_top_of_the_home_page_with_its_reason_until_the_right_document_is_sent(
    client, member, read
):
    refused = send(member, days_ago=3)
    settled(refused)
    send(member, days_ago=1)  # another of the same kind says nothing of this one
    words = read(HOME)
    order = ["Refusé : RIB", WORDS, "Envoyer un document", "Mes derniers documents"]
    assert [words.index(part) for part in order] == sorted(words.index(one) for one in order)
    assert f'href="{SEND}?replaces={refused.pk}"' in main_of(client)
    answer(client, refused)
    words = read(HOME)
    assert "Refusé : RIB" not in words
    assert WORDS not in words
    assert (
        words.count("À la place d’un document qui n’allait pas.") == 1
    )  # one story: the refusal goes on in its answer


def test_what_can_still_be_undone_is_read_by_nobody(member, read):
    document = send(member)
    settled(document, told=False)
    for address in (HOME, "/adherent/documents/", f"/adherent/documents/{document.pk}/"):
        words = read(address)
        assert WORDS not in words
        assert "Refusé" not in words.replace("Repris", "").split("Chercher un document")[0]


def test_a_refusal_that_asks_for_nothing_is_not_asked_again(client, member, read):
    document = send(member)
    settled(document, reason="deja_recu", words="Nous avions déjà ce document.")
    assert "à renvoyer" not in read(HOME)
    page = read(f"/adherent/documents/{document.pk}/")
    assert "Vous n’avez rien à envoyer à la place." in page
    assert "Envoyer le bon document" not in page


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (5, "À envoyer avant le 30/11/2026."),
        (0, "À envoyer aujourd’hui au plus tard."),
        (-2, "À envoyer dès que possible : nous l’attendions avant le 23/11/2026."),
    ],
)
def test_a_correction_says_until_when_and_once_it_is_late(client, account, days, said):
    with time_machine.travel("2026-11-25 10:00:00+00:00", tick=False):
        client.force_login(account)
        asked = send(Member.objects.get(account=account), days_ago=4)
        settled(asked, Outcome.INCOMPLETE, until=timezone.localdate() + timedelta(days=days))
        for address in (HOME, "/adherent/documents/", f"/adherent/documents/{asked.pk}/"):
            assert said in words_of(client.get(address).text), address


def test_the_worst_comes_first_and_what_is_not_shown_has_a_link(client, member, read):
    def one(kind: str, outcome: Outcome | None, days: int | None = None, **more) -> None:
        document = send(member, kind=kind, days_ago=3, **more)
        if outcome:
            until = None if days is None else timezone.localdate() + timedelta(days=days)
            settled(document, outcome, until=until)

    one("autre", None, set_aside=SetAside.ENCRYPTED)
    one("devis", Outcome.INCOMPLETE, 9)
    one("ordonnance", Outcome.INCOMPLETE, 2)
    one("facture_soins", Outcome.REFUSED)
    one("rib", Outcome.INCOMPLETE, -1)
    shown = main_of(client).split("Mes derniers documents")[0]
    assert [label in shown for label in ("RIB", "Autre facture", "Ordonnance", "Devis")] == [
        True,
        True,
        True,
        False,
    ]
    assert "Voir les 5 documents à renvoyer" in words_of(shown)
    every = read("/adherent/a-renvoyer/")
    labels = ["RIB", "Autre facture de soins", "Ordonnance", "Devis", "Autre document"]
    places = [every.index(f": {label}") for label in labels]
    assert places == sorted(places)


def test_the_words_are_the_readers_and_are_marked_where_they_are_not(client, member):
    settled(send(member), english="")
    client.cookies["langue"] = "en"
    assert f'lang="fr">{WORDS}' in main_of(client)
    settled(send(member, kind="devis"))
    assert "The IBAN is cut off" in main_of(client)


def test_the_page_that_sends_is_set_and_says_in_whose_stead(client, member, read):
    child = Beneficiary.objects.create(member=member, rank=2, birth_name="ESSAI", first_names="Lou")
    asked = send(member, kind="devis", days_ago=3, beneficiary=child)
    settled(asked, Outcome.INCOMPLETE, until=timezone.localdate() + timedelta(days=5))
    page = main_of(client, f"{SEND}?replaces={asked.pk}")
    assert re.search(r'value="devis" id="id_kind_\d" checked', page)
    assert f'value="{child.pk}" selected' in page
    assert WORDS in page
    assert "Vous remplacez" in page
    assert f"À envoyer avant le {timezone.localdate() + timedelta(days=5):%d/%m/%Y}." in page


def test_what_it_answers_outlasts_a_refused_field_and_a_file_taken_back(client, member):
    asked = send(member, days_ago=3)
    settled(asked)
    page = f"{SEND}?replaces={asked.pk}"
    refused = client.post(page, {"kind": "rien", "files": [upload(pdf())]})
    assert refused.status_code == 200
    assert "Vous remplacez" in refused.text
    drop = refused.text.split("data-drop")[0].rsplit('action="', 1)[1].split('"')[0]
    page = client.post(drop).headers["Location"]
    assert f"replaces={asked.pk}" in page
    client.post(page, {"kind": "rien", "files": [upload(pdf())]})
    # Without a script: what the form holds, and nothing else.
    assert client.post(page, {"kind": "rib", "order": waiting()}).status_code == 302
    sent = Document.objects.get(answers=asked)
    entry = Entry.objects.about(sent.subject).get(event=Event.DOCUMENT_DEPOSITED)
    assert entry.details["answers"] == asked.subject


def test_only_ones_own_document_that_did_not_do_can_be_replaced(client, member):
    theirs = send(Member.objects.get(account=open_account(EVE)))
    settled(theirs)
    mine = send(member)
    named = [str(theirs.pk), str(mine.pk), "00000000-0000-0000-0000-000000000000", "x", ""]
    pages = [main_of(client, f"{SEND}?replaces={name}") for name in named]
    own = re.compile(r"csrf|brouillon|[0-9a-f]{8}-[0-9a-f]{4}-")  # each page prepares a sending of its own
    without_token = [[line for line in page.splitlines() if not own.search(line)] for page in pages]
    of_mine = without_token.pop(1)
    assert all(page == without_token[0] for page in without_token)
    assert "Rien n’est à renvoyer" not in pages[0]
    assert "Rien n’est à renvoyer" in "".join(of_mine)
    assert "Vous remplacez" not in "".join(pages)
    for name in named:
        client.post(f"{SEND}?replaces={name}", {"kind": "rib", "files": [upload(pdf())]})
    assert Document.objects.filter(answers=None, name="releve.pdf").count() == len(named)


def test_an_answer_that_is_taken_back_leaves_the_question_open(client, member, read):
    asked = send(member, days_ago=3)
    settled(asked)
    sent = answer(client, asked)
    client.post(f"/adherent/documents/{sent.pk}/reprendre/")
    assert "Refusé : RIB" in read(HOME)


def test_an_answer_that_cannot_be_opened_is_told_with_what_it_answered(client, member, read):
    asked = send(member, days_ago=3)
    settled(asked)
    sent = answer(client, asked)
    Document.objects.filter(pk=sent.pk).update(set_aside=SetAside.UNREADABLE)
    words = read(HOME)
    assert "Refusé : RIB" in words
    assert "n’a pas pu être ouvert" in words
    assert f"replaces={asked.pk}" in main_of(client, f"/adherent/documents/{sent.pk}/")


def test_a_document_and_its_answer_lead_to_each_other(client, member, read):
    asked = send(member, days_ago=3)
    settled(asked, Outcome.INCOMPLETE, until=timezone.localdate() + timedelta(days=5))
    sent = answer(client, asked)
    first, second = (main_of(client, f"/adherent/documents/{document.pk}/") for document in (asked, sent))
    assert f'href="/adherent/documents/{sent.pk}/"' in first
    assert "Vous avez répondu" in first
    assert f'href="/adherent/documents/{asked.pk}/"' in second
    assert "Répond à" in second
    assert "Répond à" in read(f"/adherent/documents/accuses/{sent.deposit.number}/")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.RECEIVED, "un conseiller le traite. Réponse attendue avant le 27/11/2026."),
        (State.CHECKED, "un conseiller va le traiter. Réponse attendue avant le 27/11/2026."),
        (
            State.IN_PROGRESS,
            "Votre document est en cours de traitement. Réponse attendue avant le 27/11/2026.",
        ),
        (State.ACCEPTED, "vous n’avez rien d’autre à faire."),
        (State.REFUSED, "Envoyez le bon document"),
        (State.INCOMPLETE, "Nous attendons votre réponse."),
    ],
)
def test_each_state_says_what_happens_next_and_by_when(client, account, state, said):
    with time_machine.travel("2026-11-26 10:00:00+00:00", tick=False):
        client.force_login(account)
        # Sent on the Wednesday, to be answered within two working days.
        document = send(Member.objects.get(account=account), state=state)
        assert said in words_of(client.get(f"/adherent/documents/{document.pk}/").text)


def test_a_late_answer_is_said_to_be_late(client, member, read):
    document = send(member, state=State.CHECKED, days_ago=20)
    assert "nous avons du retard, votre document n’est pas oublié." in read(
        f"/adherent/documents/{document.pk}/"
    )
