"""« Données personnelles » › « Mon mot de passe » (G12)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Session, SignInCounter
from adherents.accounts.services import closing, passwords
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import CHANGE_PAGE, WRONG, Mails, change_password, is_signed_in, sign_in, text_of
from tests.cast import CAMILLE, NEW_PASSWORD, PASSWORD
from tests.factories import open_account

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G12")]


@pytest.fixture
def camille(client: Client, mails: Mails) -> Client:
    """A browser in which Camille has signed in."""
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    mails()
    return client


def test_the_page_asks_the_old_one_and_the_new_one_twice(camille: Client) -> None:
    page = text_of(camille.get(CHANGE_PAGE))  # type: ignore[arg-type]
    for label in (
        "Mon mot de passe",
        "Ancien mot de passe",
        "Définir le mot de passe",
        "Confirmer le mot de passe",
        "Valider",
    ):
        assert label in page


def test_only_somebody_signed_in_sees_it(client: Client) -> None:
    assert client.get(CHANGE_PAGE).status_code == 302
    assert change_password(client).status_code == 302


def test_the_new_password_opens_the_old_one_no_longer_and_a_mail_tells(camille: Client, mails: Mails) -> None:
    with time_machine.travel("2026-12-01T10:20:00+01:00", tick=False):
        sign_in(browser := Client(), CAMILLE.number)
        mails()
        done = change_password(browser)
        [mail] = mails()
    assert done.headers["Location"] == CHANGE_PAGE + "modifie/"
    assert mail.to == CAMILLE.email
    for part in (mail.text, mail.html):
        assert "modifié le 01/12/2026 à 10\u00a0h\u00a020" in part
        assert NEW_PASSWORD not in part
    for password, opens in ((PASSWORD, False), (NEW_PASSWORD, True)):
        sign_in(other := Client(), CAMILLE.number, password)
        assert is_signed_in(other) == opens


def test_this_session_goes_on_under_another_key_and_every_other_ends(camille: Client) -> None:
    others = [Client(), Client()]
    for other in others:
        sign_in(other, CAMILLE.number)
    key = camille.cookies["session"].value
    page = text_of(camille.get(change_password(camille).headers["Location"]))  # type: ignore[arg-type]
    assert "Votre mot de passe a bien été enregistré." in page
    assert "Un mail de confirmation vous a été envoyé." in page
    assert camille.cookies["session"].value != key
    for other in others:
        assert other.get(CHANGE_PAGE).status_code == 302
    stolen = Client()
    stolen.cookies["session"] = key
    assert stolen.get(CHANGE_PAGE).status_code == 302
    assert Session.objects.filter(account__isnull=False).count() == 1


def test_a_wrong_old_password_changes_nothing_and_tells_nobody(camille: Client, mails: Mails) -> None:
    page = text_of(change_password(camille, old=WRONG))
    assert "Ce n’est pas votre mot de passe actuel." in page
    assert mails() == []
    sign_in(other := Client(), CAMILLE.number)
    assert is_signed_in(other)
    assert Entry.objects.filter(event=Event.SIGN_IN_REFUSED).count() == 1


@pytest.mark.rule("G11")
def test_five_wrong_old_passwords_lock_and_end_the_session(camille: Client, mails: Mails) -> None:
    for left in ("", "", "Il vous reste 2 essais.", "Il vous reste 1 essai."):
        assert left in text_of(change_password(camille, old=WRONG))
    assert "Ce compte est bloqué" in text_of(change_password(camille, old=WRONG))
    assert not is_signed_in(camille)
    assert "bloqué" in mails()[0].subject
    sign_in(other := Client(), CAMILLE.number)
    assert not is_signed_in(other)


@pytest.mark.rule("G11")
def test_the_right_old_password_starts_the_count_anew_even_before_a_weak_new_one(camille: Client) -> None:
    for _ in range(4):
        change_password(camille, old=WRONG)
    assert "au moins 12 caractères" in text_of(change_password(camille, new="court-A1"))
    assert set(SignInCounter.objects.values_list("failures", flat=True)) == {0}


def test_two_new_passwords_that_differ_are_refused_without_counting(camille: Client) -> None:
    page = text_of(change_password(camille, confirmation=NEW_PASSWORD + "x"))
    assert "Les deux mots de passe ne sont pas les mêmes." in page
    assert "Ce n’est pas votre mot de passe actuel." not in page
    assert set(SignInCounter.objects.values_list("failures", flat=True)) == {0}


def test_all_that_is_wrong_is_told_at_once_and_the_wrong_old_password_counts(camille: Client) -> None:
    page = text_of(change_password(camille, old=WRONG, new="COURT", confirmation="AUTRE"))
    for words in (
        "Ce n’est pas votre mot de passe actuel.",
        "Il manque une lettre minuscule.",
        "Les deux mots de passe ne sont pas les mêmes.",
    ):
        assert words in page
    assert max(SignInCounter.objects.values_list("failures", flat=True)) == 1


def test_a_former_password_is_told_beside_a_confirmation_that_differs_to_who_knows_the_old_one(
    camille: Client,
) -> None:
    already_used = "Vous l’avez déjà utilisé"
    assert already_used in text_of(change_password(camille, new=PASSWORD, confirmation=NEW_PASSWORD))
    for old in ("", WRONG):
        assert already_used not in text_of(
            change_password(camille, old=old, new=PASSWORD, confirmation=NEW_PASSWORD)
        )


def test_the_pages_never_say_a_password_back(camille: Client) -> None:
    page = text_of(change_password(camille, old=WRONG, new="court-A1"))
    assert WRONG not in page
    assert "court-A1" not in page


@pytest.mark.rule("G4")
def test_a_change_starts_the_180_days_anew(camille: Client) -> None:
    start = timezone.now()
    with time_machine.travel(start + timedelta(days=170)):
        sign_in(camille, CAMILLE.number)
        change_password(camille)
    with time_machine.travel(start + timedelta(days=181)):
        sign_in(camille, CAMILLE.number, NEW_PASSWORD)
        assert is_signed_in(camille)


def test_another_change_in_the_middle_refuses_at_the_end(
    camille: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = passwords.encode_new

    def then_another_journey_changes_it(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        Account.objects.update(password="another")
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_another_journey_changes_it)
    assert "vient d’être modifié ailleurs" in text_of(change_password(camille))
    assert Account.objects.get().password == "another"


@pytest.mark.rule("G11")
def test_a_lock_in_the_middle_refuses_at_the_end(camille: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Account.objects.get().password
    checked = passwords.encode_new

    def then_it_is_locked(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        SignInCounter.objects.update(failures=5, locked_at=timezone.now())
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_it_is_locked)
    assert "Ce compte est bloqué" in text_of(change_password(camille))
    assert Account.objects.get().password == before


def test_an_account_closed_in_the_middle_refuses_at_the_end(
    camille: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account.objects.get()
    checked = passwords.encode_new

    def then_it_is_closed(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        closing.close(account=account, actor="agent:1", reason="essai")
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_it_is_closed)
    change_password(camille)
    assert Account.objects.get().password == account.password
    assert not Session.objects.filter(account__isnull=False).exists()
