"""The page behind the link: the birth date, the new password twice, and what may happen meanwhile (G6, G7, G9)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, Session
from adherents.accounts.services import access_link, closing, passwords
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import (
    LINK_PAGE,
    WRONG,
    Mails,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    lock_out,
    reset,
    sign_in,
    text_of,
)
from tests.cast import CAMILLE, EVE, KARIM, NEW_PASSWORD, PASSWORD, Person
from tests.factories import open_account

# A page and its words; test_password_races has the links that several use at once.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
NOT_HERS = ("04", "03", "1954")


@pytest.fixture
def browser(client: Client, mails: Mails) -> Client:
    """A browser on the page behind Camille's link."""
    open_account(CAMILLE)
    follow(client, link_for(CAMILLE, mails))
    return client


def opens(person: Person, password: str) -> bool:
    client = Client()
    sign_in(client, person.number, password)
    return is_signed_in(client)


@pytest.mark.rule("G7")
def test_the_page_has_the_labels_of_the_guide(browser: Client) -> None:
    page = text_of(browser.get(LINK_PAGE))  # type: ignore[arg-type]
    for label in (
        "Création de votre mot de passe",
        "Saisir le mot de passe deux fois en respectant les critères de validité",
        "Date de naissance",
        "Jour",
        "Mois",
        "Année",
        "Définir le mot de passe",
        "Confirmer le mot de passe",
        "Valider",
        "Les champs marqués d’une étoile",
    ):
        assert label in page.replace("'", "’"), label
    assert CAMILLE.number not in page
    assert "1954" not in page.replace("03 / 05 / 1954", "")


@pytest.mark.rule("G7")
@pytest.mark.rule("G9")
def test_the_last_screen_confirms_gives_the_number_and_a_mail_follows(browser: Client, mails: Mails) -> None:
    page = text_of(choose_password(browser, CAMILLE.birth_day))
    assert "Votre mot de passe a bien été enregistré." in page
    assert "Un mail de confirmation vous a été envoyé." in page
    assert CAMILLE.number in page
    [mail] = mails()
    assert mail.to == CAMILLE.email
    for part in (mail.text, mail.html):
        assert "Votre mot de passe a bien été enregistré." in part
        assert CAMILLE.number in part
        assert NEW_PASSWORD not in part
    assert opens(CAMILLE, NEW_PASSWORD)
    assert not opens(CAMILLE, PASSWORD)


@pytest.mark.rule("G7")
def test_a_wrong_birth_date_is_counted_and_said(browser: Client) -> None:
    for left in ("4 essais", "3 essais", "2 essais", "1 essai"):
        page = text_of(choose_password(browser, NOT_HERS))
        assert f"Il vous reste {left} avec ce lien" in page
    assert opens(CAMILLE, PASSWORD)
    assert choose_password(browser, CAMILLE.birth_day).status_code == 200


@pytest.mark.rule("G7")
def test_five_wrong_birth_dates_kill_the_link(browser: Client, mails: Mails) -> None:
    for _ in range(4):
        assert choose_password(browser, NOT_HERS).status_code == 200
    fifth = choose_password(browser, NOT_HERS)
    assert fifth.status_code == 410
    assert "trop de fois de suite" in text_of(fifth)
    assert choose_password(browser, CAMILLE.birth_day).status_code == 410
    assert opens(CAMILLE, PASSWORD)
    events = list(
        Entry.objects.filter(event__in=[Event.BIRTH_DATE_REFUSED, Event.LINK_KILLED]).values_list("event")
    )
    assert len(events) == 6
    assert "a bien été enregistré" in text_of(reset(CAMILLE, mails))


@pytest.mark.rule("G7")
def test_the_count_is_the_links_own_whatever_the_browser(browser: Client, mails: Mails) -> None:
    token = browser.cookies["lien"].value
    for _ in range(4):
        choose_password(browser, NOT_HERS)
    other = Client()
    other.get(LINK_PAGE + token)
    assert choose_password(other, NOT_HERS).status_code == 410


@pytest.mark.rule("G7")
@pytest.mark.parametrize(
    "typed",
    [("31", "02", "1954"), ("5", "13", "1954"), ("", "03", "1954"), ("05", "03", "54"), ("05", "03", "2954")],
)
def test_a_date_that_cannot_be_is_refused_without_counting(
    browser: Client, typed: tuple[str, str, str]
) -> None:
    assert "aria-invalid" in text_of(choose_password(browser, typed))
    assert AccessLink.objects.get().birth_date_failures == 0


@pytest.mark.rule("G7")
@pytest.mark.parametrize(
    "typed", [("5", "3", "1954"), (" 05", "03 ", "1954"), ("05/03/1954", "", ""), ("05031954", "", "")]
)
def test_the_date_may_be_typed_short_or_pasted_whole(browser: Client, typed: tuple[str, str, str]) -> None:
    assert "a bien été enregistré" in text_of(choose_password(browser, typed))


@pytest.mark.rule("G7")
@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (("00", "00", "1962"), True),
        (("17", "04", "1962"), True),
        (("00", "00", "1963"), False),
        (("17", "04", "1961"), False),
    ],
)
def test_a_day_and_a_month_that_the_file_does_not_know_may_be_any(
    client: Client, mails: Mails, typed: tuple[str, str, str], right: bool
) -> None:
    open_account(KARIM)
    follow(client, link_for(KARIM, mails))
    assert ("a bien été enregistré" in text_of(choose_password(client, typed))) == right


@pytest.mark.rule("G7")
def test_zeros_do_not_stand_for_a_date_that_the_file_knows(browser: Client) -> None:
    assert "n’est pas celle de votre dossier" in text_of(choose_password(browser, ("00", "00", "1954")))


@pytest.mark.rule("G7")
def test_nobody_chooses_a_password_where_the_file_has_no_birth_date(browser: Client) -> None:
    Account.objects.update(birth_date="")
    assert "n’est pas celle de votre dossier" in text_of(choose_password(browser, CAMILLE.birth_day))


@pytest.mark.rule("G7")
def test_two_passwords_that_differ_are_refused_and_the_link_lives(browser: Client) -> None:
    page = text_of(choose_password(browser, CAMILLE.birth_day, NEW_PASSWORD, NEW_PASSWORD + "x"))
    assert "Les deux mots de passe ne sont pas les mêmes." in page
    assert NEW_PASSWORD not in page
    assert "a bien été enregistré" in text_of(choose_password(browser, CAMILLE.birth_day))


@pytest.mark.rule("G7")
def test_a_weak_password_is_refused_the_date_kept_and_the_link_lives(browser: Client) -> None:
    page = text_of(choose_password(browser, CAMILLE.birth_day, "trop-court"))
    assert "au moins 12 caractères" in page
    assert 'value="1954"' in page
    assert "a bien été enregistré" in text_of(choose_password(browser, CAMILLE.birth_day))


@pytest.mark.rule("G7")
def test_whether_a_password_was_used_is_told_only_to_who_knows_the_birth_date(browser: Client) -> None:
    page = text_of(choose_password(browser, NOT_HERS, PASSWORD))
    assert "n’est pas celle de votre dossier" in page
    assert "déjà utilisé" not in page


@pytest.mark.rule("G7")
@pytest.mark.parametrize("confirmation", [None, "autre-Chose-77"])
@pytest.mark.parametrize("password", ["COURT", NEW_PASSWORD])
def test_a_wrong_birth_date_and_both_passwords_are_told_at_once(
    browser: Client, password: str, confirmation: str | None
) -> None:
    page = text_of(choose_password(browser, NOT_HERS, password, confirmation))
    assert "n’est pas celle de votre dossier. Il vous reste 4 essais" in page
    assert ("Il manque une lettre minuscule." in page) == (password == "COURT")
    assert ("Les deux mots de passe ne sont pas les mêmes." in page) == (confirmation is not None)
    assert AccessLink.objects.get().birth_date_failures == 1


@pytest.mark.rule("G7")
def test_a_right_birth_date_beside_a_wrong_password_costs_no_attempt(browser: Client) -> None:
    for _again in range(7):
        page = text_of(choose_password(browser, CAMILLE.birth_day, PASSWORD, WRONG))
        assert "Vous l’avez déjà utilisé" in page
        assert "Les deux mots de passe ne sont pas les mêmes." in page
    assert AccessLink.objects.live().get().birth_date_failures == 0


@pytest.mark.rule("G7")
@pytest.mark.parametrize("confirmation", [None, WRONG])
@pytest.mark.parametrize("password", [PASSWORD, "Camille-1954"])
@pytest.mark.parametrize("born", [NOT_HERS, ("", "", "")])
def test_what_a_password_shares_with_its_person_is_told_only_with_the_right_birth_date(
    browser: Client, born: tuple[str, str, str], password: str, confirmation: str | None
) -> None:
    page = text_of(choose_password(browser, born, password, confirmation))
    assert "déjà utilisé" not in page
    assert "ressemble trop" not in page


@pytest.mark.rule("G7")
def test_the_wrong_dates_beside_wrong_passwords_kill_the_link_like_the_others(browser: Client) -> None:
    for _again in range(5):
        page = choose_password(browser, NOT_HERS, "COURT", WRONG)
    assert page.status_code == 410
    assert not AccessLink.objects.live().exists()


@pytest.mark.rule("G6")
@pytest.mark.rule("G7")
def test_a_new_password_ends_every_open_session(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    sign_in(client, CAMILLE.number)
    sign_in(neighbour := Client(), EVE.number)
    reset(CAMILLE, mails)
    assert list(Session.objects.filter(account__isnull=False).values_list("account__identifier")) == [
        (EVE.number,)
    ]
    assert client.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 302
    assert neighbour.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 200


@pytest.mark.rule("G7")
def test_a_new_password_does_not_sign_in_by_itself(browser: Client) -> None:
    choose_password(browser, CAMILLE.birth_day)
    assert not is_signed_in(browser)


@pytest.mark.rule("G11")
def test_a_lock_that_falls_before_stops_the_page_and_keeps_the_link(browser: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        lock_out(CAMILLE.number)
        page = text_of(choose_password(browser, CAMILLE.birth_day))
    assert "Ce compte est bloqué" in page
    assert AccessLink.objects.live().count() == 1


@pytest.mark.rule("G11")
def test_a_lock_that_falls_in_the_middle_refuses_at_the_end(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Account.objects.get().password
    checked = passwords.encode_new

    def then_somebody_locks(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        lock_out(CAMILLE.number)
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_somebody_locks)
    assert "Ce compte est bloqué" in text_of(choose_password(browser, CAMILLE.birth_day))
    assert Account.objects.get().password == before
    assert AccessLink.objects.live().count() == 1


@pytest.mark.rule("G11")
def test_a_link_sent_before_the_lock_opens_the_account_once_the_wait_is_over(mails: Mails) -> None:
    open_account(CAMILLE)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        lock_out(CAMILLE.number)
        clock.shift(timedelta(hours=24, seconds=1))
        reset(CAMILLE, mails)
        assert opens(CAMILLE, NEW_PASSWORD)


def test_an_account_closed_in_the_middle_refuses_at_the_end(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account.objects.get()
    checked = passwords.encode_new

    def then_it_is_closed(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        closing.close(account=account, actor="agent:1", reason="essai")
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_it_is_closed)
    assert choose_password(browser, CAMILLE.birth_day).status_code == 410
    assert Account.objects.get().password == account.password


def test_a_link_of_a_closed_account_is_dead(browser: Client) -> None:
    Account.objects.update(closed_at=timezone.now())
    assert browser.get(LINK_PAGE).status_code == 410


@pytest.mark.rule("G6")
def test_a_link_that_ends_between_the_page_and_the_answer_refuses_at_the_end(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Account.objects.get().password
    checked = passwords.encode_new

    def then_time_is_up(**given: object) -> str:
        encoded = checked(**given)  # type: ignore[arg-type]
        AccessLink.objects.update(expires_at=timezone.now())
        return encoded

    monkeypatch.setattr(passwords, "encode_new", then_time_is_up)
    assert choose_password(browser, CAMILLE.birth_day).status_code == 410
    assert Account.objects.get().password == before


@pytest.mark.rule("G11")
def test_a_new_password_starts_every_count_anew(mails: Mails) -> None:
    open_account(CAMILLE)
    for _ in range(4):
        sign_in(Client(), CAMILLE.number, WRONG)
    reset(CAMILLE, mails)
    for _ in range(4):
        sign_in(Client(), CAMILLE.number, WRONG)
    assert opens(CAMILLE, NEW_PASSWORD)


def test_a_mail_that_cannot_be_posted_leaves_the_password_as_it_was(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Account.objects.get().password

    def broken(*_: object) -> None:
        raise RuntimeError("no outbox")

    monkeypatch.setattr(access_link.mails, "password_set", broken)
    with pytest.raises(RuntimeError):
        choose_password(browser, CAMILLE.birth_day)
    assert Account.objects.get().password == before
    assert AccessLink.objects.live().count() == 1
