"""« Première connexion », which is « Identifiant perdu » too (G8, G9, G10)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account
from adherents.accounts.services import closing
from adherents.enrolment.models import IdentityClaim
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.accounts.steps import (
    LINK_PAGE,
    Mails,
    choose_password,
    follow,
    is_signed_in,
    lock_out,
    sign_in,
    text_of,
)
from tests.cast import (
    ANGE,
    CAMILLE,
    ENGLISH,
    EVE,
    JEAN_FRANCOIS,
    KARIM,
    NEW_PASSWORD,
    NO_MAIL,
    TWIN_LEA,
    TWIN_ZOE,
    Person,
)
from tests.database_contents import everything_stored
from tests.factories import add_to_register, open_account

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G8"), pytest.mark.usefixtures("register")]
PAGE = "/adherent/premiere-connexion/"
SENT = "/adherent/mot-de-passe-oublie/envoye/"


def claim(person: Person, client: Client | None = None, **typed: str) -> HttpResponse:
    """Fill « Première connexion » as this person would, except for what is given."""
    day, month, year = person.birth_day
    filled = {
        "nir": person.nir,
        "birth_date_day": day,
        "birth_date_month": month,
        "birth_date_year": year,
        "department": person.department,
        "name": person.birth_name,
        "first_name": person.first_names,
    }
    return (client or Client()).post(PAGE, filled | typed)  # type: ignore[return-value]


def recipients(mails: Mails) -> list[str]:
    return [mail.to for mail in mails()]


def test_the_page_has_the_labels_of_the_guide_in_its_order(client: Client) -> None:
    page = text_of(client.get(PAGE))  # type: ignore[arg-type]
    labels = [
        "N° Sécurité sociale",
        "Date de naissance",
        "Département de naissance",
        "Nom",
        "Prénom",
        "Valider",
        "Retour accueil",
    ]
    places = [page.index(f">{label}") if f">{label}" in page else page.index(label) for label in labels]
    assert places == sorted(places)
    assert "Saisir le numéro de sécurité sociale complet, y compris la clé" in page


@pytest.mark.rule("G6")
@pytest.mark.rule("G9")
def test_from_the_form_to_the_first_sign_in(client: Client, mails: Mails) -> None:
    response = claim(CAMILLE, client)
    assert response.headers["Location"] == SENT
    [mail] = mails()
    assert mail.to == CAMILLE.email
    assert mail.sender.startswith("MESE Adh ")
    for part in (mail.text, mail.html):
        assert mail.link in part
        assert "120 minutes" in part
        assert CAMILLE.number not in part
    follow(client, mail)
    page = text_of(choose_password(client, CAMILLE.birth_day))
    assert "Votre mot de passe a bien été enregistré." in page
    assert CAMILLE.number in page
    [confirmation] = mails()
    assert CAMILLE.number in confirmation.text
    assert CAMILLE.number in confirmation.html
    sign_in(client, CAMILLE.number, NEW_PASSWORD)
    assert is_signed_in(client)
    assert Member.objects.get(number=CAMILLE.number).account == Account.objects.get()


@pytest.mark.parametrize(
    ("person", "typed"),
    [
        (CAMILLE, {"name": "dupont"}),
        (CAMILLE, {"name": "  DUPONT "}),
        (CAMILLE, {"first_name": "Camille"}),
        (CAMILLE, {"first_name": "camille rose"}),
        (CAMILLE, {"first_name": "CAMILLE, ROSE"}),
        (CAMILLE, {"nir": "2 54 03 38 185 042 " + CAMILLE.nir[-2:]}),
        (JEAN_FRANCOIS, {"name": "L'HERITIER MULLER"}),
        (JEAN_FRANCOIS, {"name": "lheritier  muller"}),
        (JEAN_FRANCOIS, {"name": "L’He\u0301ritier-Mu\u0308ller"}),
        (JEAN_FRANCOIS, {"first_name": "jean francois"}),
        (JEAN_FRANCOIS, {"first_name": "JEANFRANCOIS"}),
        (JEAN_FRANCOIS, {"department": "75"}),
        (JEAN_FRANCOIS, {"department": "94"}),
        (EVE, {"name": "Hoarau"}),
        (EVE, {"name": "Payet"}),
        (EVE, {"first_name": "Marie-Eve"}),
        (EVE, {"department": "974"}),
        (EVE, {"department": "97"}),
        (ANGE, {"department": "20"}),
        (ANGE, {"department": "2a"}),
        (KARIM, {"department": "99"}),
        (KARIM, {"department": "92"}),
    ],
)
@pytest.mark.one_on_postgresql
def test_what_does_not_matter_does_not_matter(person: Person, typed: dict[str, str], mails: Mails) -> None:
    claim(person, **typed)
    assert recipients(mails) == [person.email]


@pytest.mark.parametrize(
    ("person", "typed"),
    [
        (CAMILLE, {"name": "Dupond"}),
        (CAMILLE, {"first_name": "Camil"}),
        (CAMILLE, {"birth_date_day": "06"}),
        (CAMILLE, {"birth_date_day": "00"}),
        (CAMILLE, {"department": "69"}),
        (CAMILLE, {"nir": EVE.nir}),
        (JEAN_FRANCOIS, {"first_name": "François"}),
        (JEAN_FRANCOIS, {"department": "38"}),
        (EVE, {"name": "Hoarau-Payet-Martin"}),
        (KARIM, {"birth_date_year": "1963"}),
    ],
)
@pytest.mark.one_on_postgresql
def test_one_fact_that_differs_is_nobody(person: Person, typed: dict[str, str], mails: Mails) -> None:
    assert claim(person, **typed).headers["Location"] == SENT
    assert mails() == []
    assert not Account.objects.exists()
    [entry] = Entry.objects.filter(event=Event.IDENTITY_UNMATCHED)
    assert (entry.subject, entry.details) == ("enrolment", {})


def test_twins_differ_by_their_first_name_only(mails: Mails) -> None:
    claim(TWIN_ZOE)
    assert recipients(mails) == [TWIN_ZOE.email]
    claim(TWIN_LEA)
    assert recipients(mails) == [TWIN_LEA.email]
    claim(TWIN_LEA, first_name="Marie")
    assert mails() == []


def test_two_people_with_one_nir_are_told_apart_by_the_rest(mails: Mails) -> None:
    add_to_register(replace(TWIN_LEA, number="70100090", first_names="Jeanne", email="jeanne@example.org"))
    claim(TWIN_LEA, first_name="Jeanne")
    assert recipients(mails) == ["jeanne@example.org"]


def test_two_hits_are_no_hit(mails: Mails) -> None:
    add_to_register(replace(CAMILLE, number="70100091", email="autre@example.org"))
    claim(CAMILLE)
    assert mails() == []
    assert not Account.objects.exists()


def test_a_line_that_has_ended_is_neither_a_hit_nor_a_second_one(mails: Mails) -> None:
    add_to_register(replace(CAMILLE, number="70100092", email="ancienne@example.org"))
    Member.objects.filter(number="70100092").update(end_date=date(2020, 12, 31))
    claim(CAMILLE)
    assert recipients(mails) == [CAMILLE.email]
    Member.objects.update(gone_at=timezone.now())
    claim(CAMILLE)
    assert mails() == []


@pytest.mark.rule("G9")
def test_who_has_an_account_already_gets_the_link_too(client: Client, mails: Mails) -> None:
    account = open_account(EVE)
    claim(EVE)
    [mail] = mails()
    follow(client, mail)
    page = text_of(choose_password(client, EVE.birth_day))
    assert EVE.number in page
    assert EVE.number in mails()[0].text
    assert Account.objects.get() == account


@pytest.mark.rule("G10")
def test_without_an_address_on_file_no_mail_leaves_and_the_page_says_how_to_reach_the_service(
    client: Client, mails: Mails
) -> None:
    page = text_of(client.get(claim(NO_MAIL, client).headers["Location"]))  # type: ignore[arg-type]
    assert mails() == []
    assert not AccessLink.objects.exists()
    for words in (
        "L’adresse e-mail de votre dossier manque peut-être",
        "04 76 60 56 36",
        "fr-contact@mese.se.com",
    ):
        assert words in page
    assert Member.objects.unreachable().get().number == NO_MAIL.number


@pytest.mark.rule("G10")
def test_the_link_goes_to_the_address_that_the_file_has_today(mails: Mails) -> None:
    open_account(CAMILLE)
    Member.objects.filter(number=CAMILLE.number).update(email="nouvelle@example.org")
    claim(CAMILLE)
    arrived = mails()
    assert [mail.to for mail in arrived if LINK_PAGE in mail.text] == ["nouvelle@example.org"]
    recipients = [mail.to for mail in arrived if "L’adresse e-mail de votre compte" in mail.subject]
    assert sorted(recipients) == [CAMILLE.email, "nouvelle@example.org"]
    assert len(arrived) == 3


def test_a_member_who_reads_english_gets_it_in_english(client: Client, mails: Mails) -> None:
    claim(ENGLISH)
    [mail] = mails()
    assert "password" in mail.subject
    assert 'lang="en"' in mail.html
    assert "120 minutes" in mail.text
    for french in ("mot de passe", "Ce lien", "Vous avez"):
        assert french not in mail.text + mail.html
    follow(client, mail)
    choose_password(client, ENGLISH.birth_day)
    [confirmation] = mails()
    assert ENGLISH.number in confirmation.text
    assert "mot de passe" not in confirmation.text


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("nir", "2 54 03 38 185 042", "Il manque la clé"),
        ("nir", CAMILLE.nir13 + "00", "La clé"),
        ("nir", "12", "15 caractères"),
        ("nir", "", "Indiquez votre numéro"),
        ("birth_date_month", "13", "Le mois va de 01"),
        ("department", "Atlantide", "Écrivez le numéro ou le nom du département"),
        ("department", "", "Indiquez votre département"),
        ("name", " ", "Indiquez votre nom"),
        ("first_name", "", "Indiquez votre prénom"),
    ],
)
@pytest.mark.one_on_postgresql
def test_what_cannot_be_is_said_at_once_and_the_rest_is_kept(
    client: Client, field: str, typed: str, words: str
) -> None:
    response = claim(CAMILLE, client, **{field: typed})
    assert response.status_code == 200
    assert words in text_of(response)
    assert "Dupont" in text_of(response) or field == "name"
    assert not IdentityClaim.objects.exists()


def test_what_was_typed_is_sealed_and_gone_once_settled(mails: Mails) -> None:
    claim(CAMILLE, name="Introuvable", first_name="Personne")
    secrets = (CAMILLE.nir.encode(), b"Introuvable", b"Personne")
    assert "Introuvable" in IdentityClaim.objects.get().words
    assert not [secret for secret in secrets if secret in everything_stored()]
    mails()
    assert not IdentityClaim.objects.exists()
    assert not [secret for secret in secrets if secret in everything_stored()]


@pytest.mark.rule("G11")
def test_during_the_lock_a_mail_says_until_when_instead(mails: Mails) -> None:
    open_account(CAMILLE)
    lock_out(CAMILLE.number)
    mails()
    claim(CAMILLE)
    [mail] = mails()
    assert "Votre compte est bloqué jusqu’au" in mail.subject
    assert not AccessLink.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        claim(CAMILLE)
        assert mails()[0].link


def test_a_closed_account_gets_nothing(mails: Mails) -> None:
    account = open_account(CAMILLE)
    closing.close(account=account, actor="agent:1", reason="essai")
    mails()
    claim(CAMILLE)
    assert mails() == []


def test_claims_fill_no_mailbox(mails: Mails) -> None:
    from adherents.accounts import limits

    for _ in range(7):
        limits.forget_all()
        claim(CAMILLE)
    assert recipients(mails) == [CAMILLE.email] * 5


@pytest.mark.parametrize("person", [CAMILLE, replace(CAMILLE, birth_name="Inconnue")])
def test_five_claims_an_hour_for_a_nir_known_or_not(client: Client, person: Person) -> None:
    statuses = [claim(person).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]


def test_the_claim_repr_shows_nothing() -> None:
    from adherents.members.claims import Claim

    assert repr(Claim(CAMILLE.nir, CAMILLE.birth_date, "38", "Dupont", "Camille")) == "<Claim>"


def test_a_whole_company_behind_one_address_gets_in() -> None:
    """Forty people in an hour, and then one more."""
    for number in range(1, 42):
        nir13 = f"25403381850{number:02d}"[:13]
        somebody = replace(CAMILLE, nir13=nir13, birth_date=f"19{20 + number}-03-05")
        assert claim(somebody).status_code == 302
    assert IdentityClaim.objects.count() == 41


def test_about_one_nir_only_five_are_looked_at_in_an_hour_from_wherever() -> None:
    answers = [claim(CAMILLE, Client(REMOTE_ADDR=f"198.51.{n}.7")).status_code for n in range(6)]
    assert answers == [302] * 5 + [429]


def test_guessing_one_person_s_nir_gets_thirty_tries_an_hour_from_wherever() -> None:
    """However the guesser writes the name, and whatever NIR they try: fewer than one network had by itself."""
    names = ["Dupont", "Mme Dupont", "DUPONT", "Durand née Dupont"]
    first_names = ["Camille", "Mme Camille", "camille, rose", "CAMILLE"]
    answers = []
    for number in range(31):
        guess = replace(CAMILLE, nir13=f"25403381851{number:02d}"[:13])
        typed = {"name": names[number % 4], "first_name": first_names[number % 4]}
        answers.append(claim(guess, Client(REMOTE_ADDR=f"198.51.{number}.7"), **typed).status_code)
    assert answers == [302] * 30 + [429]
