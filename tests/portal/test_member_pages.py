"""Home, personal data and history of a member who is signed in."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.insurer.profile import load_profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Beneficiary, Member, Relation
from adherents.portal.waiting import password_days
from adherents.vault.models import Deposit, Document, SetAside, State
from tests.cast import CAMILLE, ENGLISH, EVE
from tests.factories import open_account
from tests.portal.test_public_pages import words_of

PROFILES = Path(__file__).parents[2] / "profiles"
HOME, PERSONAL_DATA = "/adherent/", "/adherent/donnees-personnelles/"
HISTORY = "/adherent/donnees-personnelles/historique/"


def note(event: Event, account: Account, **details: str) -> None:
    with transaction.atomic():
        record(event, subject=account.subject, actor=account.subject, **details)


def send(
    member: Member, *, kind: str = "rib", state: str = State.RECEIVED, days_ago: int = 1, **more
) -> Document:
    """A document as it is in the tables, its bytes apart."""
    at = timezone.now() - timedelta(days=days_ago)
    number = Deposit.objects.count() + 1
    deposit = Deposit.objects.create(number=f"D-2025-{number:06}", member=member, at=at)
    return Document.objects.create(
        deposit=deposit,
        member=member,
        at=at,
        kind=kind,
        state=state,
        name="photo.jpg",
        content_type="image/jpeg",
        size=1,
        sha256="0" * 64,
        wrapped_key=b"",
        storage_name=f"object-{number}",
        **more,
    )


@pytest.mark.parametrize("address", [PERSONAL_DATA, HISTORY])
def test_a_members_pages_ask_to_sign_in(client, db, address):
    assert client.get(address).headers["Location"] == f"{HOME}?{urlencode({'next': address})}"


@pytest.mark.parametrize("address", [PERSONAL_DATA, HISTORY])
def test_an_agent_has_no_members_pages(client, db, address):
    agent = Account.objects.create(identifier="agent@mese.example", role="conseiller")
    client.force_login(agent)
    assert client.get(address).status_code == 403


@pytest.mark.rule("G13")
def test_the_home_of_a_new_member_greets_and_offers_to_send(account, read):
    words = read(HOME)
    assert "Bonjour Camille" in words
    assert "Envoyer un document" in words
    assert "Vous n’avez encore rien envoyé." in words
    assert "à renvoyer" not in words


def test_the_home_speaks_english_to_who_chose_it(client, db):
    client.force_login(open_account(ENGLISH))
    client.cookies["langue"] = "en"
    words = words_of(client.get(HOME).text)
    assert "Hello Thomas" in words
    assert "Send a document" in words


def test_the_home_shows_the_latest_documents_with_their_state(member, read):
    send(member, kind="facture_dentaire", state=State.IN_PROGRESS)
    send(member, kind="devis", state=State.ACCEPTED, days_ago=3)
    words = read(HOME)
    assert words.index("Facture dentaire") < words.index("Devis")
    assert "En cours" in words
    assert "Accepté" in words


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"state": State.REFUSED}, "Il n’a pas pu être accepté"),
        ({"state": State.INCOMPLETE}, "Il est à compléter"),
        ({"set_aside": SetAside.ENCRYPTED}, "Il est protégé par un mot de passe"),
    ],
)
def test_a_document_that_did_not_do_comes_first_until_it_is_sent_again(member, read, more, why):
    first = send(member, days_ago=2, **more)
    words = read(HOME)
    assert why in words
    assert words.index(why) < words.index("Envoyer un document")
    send(member, days_ago=1, answers=None if more.get("set_aside") else first)
    assert why not in read(HOME)


def test_a_document_of_another_kind_does_not_stand_for_the_refused_one(member, read):
    send(member, days_ago=2, state=State.REFUSED)
    send(member, days_ago=1, kind="devis")
    assert "Refusé : RIB" in read(HOME)


@pytest.mark.rule("G4")
@pytest.mark.parametrize(("age", "said"), [(164, False), (165, True), (179, True)])
def test_the_home_tells_that_the_password_nears_its_end(account, read, age, said):
    Account.objects.filter(pk=account.pk).update(password_changed_at=timezone.now() - timedelta(days=age))
    assert ("Votre mot de passe sera bientôt périmé" in read(HOME)) == said
    assert (f"Dans {180 - age} jour" if said else f"Mot de passe à renouveler dans {180 - age} jour") in read(
        HOME
    )


@pytest.mark.rule("G4")
def test_a_password_of_a_winters_evening_does_not_get_a_day_more(account, read):
    with time_machine.travel("2026-11-23T22:30:00+00:00", tick=False):
        Account.objects.filter(pk=account.pk).update(password_changed_at=timezone.now())
        account.refresh_from_db()
        assert password_days(account) == 180


@pytest.mark.rule("G4")
def test_where_renewal_is_off_the_home_says_nothing_of_it(account, read, settings):
    settings.ADHERENTS_PROFILE = load_profile(PROFILES / "exemple.toml")
    assert "renouveler" not in read(HOME)


def test_the_home_tells_when_the_account_was_opened_before(account, read):
    assert "C’est votre première connexion." in read(HOME)
    note(Event.SIGNED_IN, account, method="password")
    assert "C’est votre première connexion." in read(HOME)
    note(Event.SIGNED_IN, account, method="password")
    assert "Connexion précédente le" in read(HOME)


def test_a_member_whom_the_register_has_let_go_is_told_whom_to_call(account, member, read):
    Member.objects.filter(pk=member.pk).update(account=None)
    words = read(HOME)
    assert "Votre dossier n’est plus rattaché à cet espace" in words
    assert "04 76 60 56 36" in words


@pytest.mark.rule("G12")
def test_personal_data_leads_to_my_password(account, client, read):
    assert "Mon mot de passe" in read(PERSONAL_DATA)
    assert 'href="/adherent/donnees-personnelles/mot-de-passe/"' in client.get(PERSONAL_DATA).text


def test_personal_data_shows_the_person_and_masks_what_others_could_use(account, member, read):
    Beneficiary.objects.create(
        member=member,
        rank=1,
        relation=Relation.CHILD,
        birth_name="Dupont",
        first_names="Noé",
        birth_date="2012-00-00",
    )
    words = read(PERSONAL_DATA)
    for fact in [
        "Dupont",
        "Camille, Rose",
        "05/03/1954",
        "70100001",
        "Enfant",
        "Noé DUPONT",
        "2012",
        "ca•••@example.org",
    ]:
        assert fact in words
    assert CAMILLE.nir not in words.replace(" ", "")
    assert CAMILLE.email not in words


@pytest.mark.rule("G10")
def test_a_member_without_address_is_told_how_to_give_one(account, read):
    Account.objects.filter(pk=account.pk).update(email="")
    words = read(PERSONAL_DATA)
    assert "Nous n’avons pas d’adresse email pour vous" in words
    assert "fr-contact@mese.se.com" in words


def test_the_history_tells_what_happened_in_plain_words_and_nobody_elses(account, read):
    note(Event.PASSWORD_CHANGED, account)
    note(Event.LOCKED, account)
    note(Event.EMAIL_CHANGED, open_account(EVE))
    words = read(HISTORY)
    assert words.index("Votre compte a été bloqué") < words.index("Vous avez modifié votre mot de passe.")
    assert "Votre adresse email a été modifiée." not in words


def test_the_history_has_words_in_both_languages_for_each_event_of_an_account(account, client):
    from adherents.portal.history import WORDS

    assert {event for event in Event if event.value.startswith("account.")} <= set(WORDS)
    note(Event.PASSWORD_CHANGED, account)
    client.cookies["langue"] = "en"
    assert "You changed your password." in words_of(client.get(HISTORY).text)


def test_a_long_history_comes_in_pages(account, client, read):
    for _ in range(30):
        note(Event.PASSWORD_CHANGED, account)
    assert read(HISTORY).count("Vous avez modifié") == 25
    assert read(f"{HISTORY}?page=2").count("Vous avez modifié") == 5


@pytest.mark.parametrize("address", [HOME, PERSONAL_DATA, HISTORY])
@pytest.mark.parametrize("number", [1, 12])
def test_a_page_costs_few_queries_however_many_documents(
    account, member, client, django_assert_max_num_queries, address, number
):
    for _ in range(number):
        send(member)
        note(Event.SIGNED_IN, account, method="password")
    with django_assert_max_num_queries(8):
        client.get(address)


def test_a_member_who_is_signed_in_can_change_language_and_keeps_the_menu_on_public_pages(
    account, client, read
):
    for address in [HOME, "/aide/"]:
        assert 'action="/langue/"' in client.get(address).text
        assert "Se déconnecter" in read(address)
