"""Signing in (G1, G4, G11), and what no answer may tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, KnownDevice, Session, SignInCounter
from adherents.accounts.policy import Standing
from adherents.accounts.services import closing
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, PASSWORD
from tests.conftest import Mail
from tests.factories import open_account

pytestmark = pytest.mark.django_db
WRONG = "pas-le-Bon-00"


def sign_in(client: Client, identifier: str, password: str = PASSWORD) -> object:
    return client.post("/adherent/", {"identifier": identifier, "password": password})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.rule("G1")
def test_the_page_has_the_labels_of_the_guide(client: Client) -> None:
    page = client.get("/adherent/").content.decode()
    for label in (
        "N° adhérent",
        "Mot de passe",
        "Valider",
        "Mot de passe oublié ?",
        "Première connexion / Identifiant perdu",
    ):
        assert label in page


@pytest.mark.rule("G1")
@pytest.mark.parametrize("typed", ["70100001", " 7010 0001 ", "7010\u00a00001"])
def test_the_number_and_the_password_let_in_whatever_the_spaces(client: Client, typed: str) -> None:
    open_account(CAMILLE)
    assert sign_in(client, typed).status_code == 302  # type: ignore[attr-defined]
    assert is_signed_in(client)


@pytest.mark.rule("G1")
def test_the_letter_case_of_a_number_does_not_matter(client: Client) -> None:
    open_account(replace(CAMILLE, number="AB12"))
    sign_in(client, "ab 12")
    assert is_signed_in(client)


def test_a_password_typed_on_a_mac_is_the_same(client: Client) -> None:
    open_account(CAMILLE, password="été-à-la-mer-2")
    sign_in(client, CAMILLE.number, "e\u0301te\u0301-a\u0300-la-mer-2")
    assert is_signed_in(client)


@pytest.mark.rule("G11")
def test_the_fifth_wrong_password_locks_for_24_hours(client: Client, mails: Callable[[], list[Mail]]) -> None:
    open_account(CAMILLE)
    for _ in range(4):
        assert "incorrect" in sign_in(client, CAMILLE.number, WRONG).content.decode()  # type: ignore[attr-defined]
    fifth = sign_in(client, CAMILLE.number, WRONG).content.decode()  # type: ignore[attr-defined]
    assert "Ce compte est bloqué" in fifth
    sign_in(client, CAMILLE.number)
    assert not is_signed_in(client)
    [mail] = mails()
    assert mail.to == CAMILLE.email
    assert "bloqué" in mail.subject


@pytest.mark.rule("G11")
def test_after_24_hours_only_a_reset_opens(client: Client) -> None:
    open_account(CAMILLE)
    for _ in range(5):
        sign_in(client, CAMILLE.number, WRONG)
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        page = sign_in(client, CAMILLE.number).content.decode()  # type: ignore[attr-defined]
    assert not is_signed_in(client)
    assert "Le temps d’attente est passé" in page


@pytest.mark.rule("G11")
def test_the_right_password_in_time_starts_the_count_anew(client: Client) -> None:
    open_account(CAMILLE)
    for _ in range(3):
        for _ in range(4):
            sign_in(Client(), CAMILLE.number, WRONG)
        sign_in(Client(), CAMILLE.number)
    sign_in(client, CAMILLE.number)
    assert is_signed_in(client)


@pytest.mark.rule("G11")
def test_the_last_try_lets_in_when_it_is_right(client: Client) -> None:
    open_account(CAMILLE)
    for _ in range(4):
        sign_in(client, CAMILLE.number, WRONG)
    sign_in(client, CAMILLE.number)
    assert is_signed_in(client)


@pytest.mark.rule("G11")
def test_near_the_lock_the_page_says_how_many_tries_are_left(client: Client) -> None:
    for left in ("", "", "Il vous reste 2 essais.", "Il vous reste 1 essai."):
        assert left in sign_in(client, "99999999", WRONG).content.decode()  # type: ignore[attr-defined]


def test_a_stranger_who_locks_does_not_lock_the_member_out_of_their_own_browser(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    client.post("/adherent/deconnexion/")
    stranger = Client()
    for _ in range(6):
        sign_in(stranger, CAMILLE.number, WRONG)
    sign_in(stranger, CAMILLE.number)
    assert not is_signed_in(stranger)
    sign_in(client, CAMILLE.number)
    assert is_signed_in(client)


@pytest.mark.rule("G11")
def test_five_wrong_passwords_on_the_members_own_browser_lock_everywhere(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    client.post("/adherent/deconnexion/")
    for _ in range(5):
        sign_in(client, CAMILLE.number, WRONG)
    other = Client()
    sign_in(other, CAMILLE.number)
    assert not is_signed_in(other)
    sign_in(client, CAMILLE.number)
    assert not is_signed_in(client)


def test_two_people_at_one_computer_each_keep_their_own_counter(client: Client) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    for person in (CAMILLE, EVE):
        sign_in(client, person.number)
        client.post("/adherent/deconnexion/")
    assert KnownDevice.objects.count() == 2
    sign_in(client, CAMILLE.number)
    assert KnownDevice.objects.count() == 2


@pytest.mark.rule("G4")
def test_past_180_days_the_right_password_leads_to_forgotten_password(client: Client) -> None:
    open_account(CAMILLE)
    with time_machine.travel(timezone.now() + timedelta(days=180)):
        page = sign_in(client, CAMILLE.number).content.decode()  # type: ignore[attr-defined]
    assert "Votre mot de passe est périmé" in page
    assert "/adherent/mot-de-passe-oublie/" in page
    assert not is_signed_in(client)


@pytest.mark.rule("G4")
def test_the_day_before_the_password_still_lets_in(client: Client) -> None:
    open_account(CAMILLE)
    with time_machine.travel(timezone.now() + timedelta(days=179, hours=23)):
        sign_in(client, CAMILLE.number)
        assert is_signed_in(client)


@pytest.mark.rule("G4")
def test_a_mail_warns_15_and_3_days_before_once_each(mails: Callable[[], list[Mail]]) -> None:
    open_account(CAMILLE)
    start = timezone.now()
    arrived: dict[int, list[str]] = {}
    for day in (150, 164, 165, 166, 176, 177, 178, 181):
        with time_machine.travel(start + timedelta(days=day, minutes=1)):
            arrived[day] = [mail.subject for mail in mails() + mails()]
    assert {day for day, subjects in arrived.items() if subjects} == {165, 177}
    assert all(len(subjects) <= 1 for subjects in arrived.values())


def test_a_second_browser_is_told_to_the_member_and_the_first_is_not(
    mails: Callable[[], list[Mail]],
) -> None:
    open_account(CAMILLE)
    sign_in(Client(), CAMILLE.number)
    assert mails() == []
    sign_in(Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}), CAMILLE.number)
    [mail] = mails()
    assert "nouvel appareil" in mail.subject
    assert "Safari, iPhone" in mail.text


def test_a_session_is_stored_under_a_hash_and_ends_when_idle(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    key = client.cookies["session"].value
    row = Session.objects.get(account__identifier=CAMILLE.number)
    assert key not in row.session_key + row.session_data
    assert client.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=21)):
        assert client.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 302


def test_a_session_lives_twelve_hours_at_most_however_busy(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    start = timezone.now()
    for minutes in range(10, 12 * 60 - 5, 10):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            assert client.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 200
    with time_machine.travel(start + timedelta(hours=12, seconds=1)):
        assert client.get("/adherent/donnees-personnelles/mot-de-passe/").status_code == 302


def test_signing_out_ends_the_session_on_the_server_and_clears_the_browser(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    response = client.post("/adherent/deconnexion/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(account__isnull=False).exists()


def test_signing_out_by_a_link_does_nothing(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number)
    assert client.get("/adherent/deconnexion/").status_code == 405
    assert is_signed_in(client)


def test_every_sign_in_and_every_refusal_is_in_the_journal(client: Client) -> None:
    account = open_account(CAMILLE)
    sign_in(client, CAMILLE.number, WRONG)
    sign_in(client, CAMILLE.number)
    sign_in(Client(), "99999999", WRONG)
    events = list(Entry.objects.about(account.subject).values_list("event", flat=True))
    assert events[:2] == [Event.SIGNED_IN, Event.SIGN_IN_REFUSED]
    unknown = Entry.objects.filter(subject__startswith="identifier:")
    assert [entry.event for entry in unknown] == [Event.SIGN_IN_REFUSED]
    assert "99999999" not in str(unknown.values())


def test_standing_says_where_the_account_is(client: Client) -> None:
    account = open_account(JEAN_FRANCOIS)
    assert account.standing is Standing.ACTIVE
    with time_machine.travel(timezone.now() + timedelta(days=200)):
        assert account.standing is Standing.EXPIRED
    for _ in range(5):
        sign_in(client, JEAN_FRANCOIS.number, WRONG)
    assert account.standing is Standing.LOCKED
    closing.close(account=account, actor="agent:1", reason="essai")
    account.refresh_from_db()
    assert account.standing is Standing.CLOSED


def test_a_new_password_elsewhere_during_a_sign_in_stops_it_at_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.accounts.services import sign_in as service

    account = open_account(CAMILLE)
    checked = service.check_credentials

    def then_somebody_changes_it(**given: object) -> Account:
        outcome = checked(**given)  # type: ignore[arg-type]
        Account.objects.filter(pk=account.pk).update(password="another")
        return outcome

    monkeypatch.setattr(service, "check_credentials", then_somebody_changes_it)
    sign_in(client, CAMILLE.number)
    assert not is_signed_in(client)


def test_a_lock_that_falls_during_a_sign_in_stops_it_at_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.accounts.services import sign_in as service

    open_account(CAMILLE)
    checked = service.check_credentials

    def then_it_is_locked(**given: object) -> Account:
        outcome = checked(**given)  # type: ignore[arg-type]
        SignInCounter.objects.update(failures=5, locked_at=timezone.now())
        return outcome

    monkeypatch.setattr(service, "check_credentials", then_it_is_locked)
    sign_in(client, CAMILLE.number)
    assert not is_signed_in(client)


@pytest.mark.parametrize("reads", ["en", "fr"])
def test_a_member_on_a_fresh_browser_reads_their_own_language_there(reads: str) -> None:
    account = open_account(CAMILLE)
    Account.objects.filter(pk=account.pk).update(language=reads)
    client = Client()
    assert client.get("/adherent/").headers["Content-Language"] == "fr"
    sign_in(client, CAMILLE.number)
    assert client.get("/adherent/").headers["Content-Language"] == reads
    # The next person in that browser reads theirs; what is chosen by hand stays.
    client.post("/adherent/deconnexion/")
    assert client.get("/adherent/").headers["Content-Language"] == "fr"
    client.cookies["langue"] = "fr"
    sign_in(client, CAMILLE.number)
    assert client.get("/adherent/").headers["Content-Language"] == "fr"


def test_an_agent_who_reads_english_finds_the_desk_in_english() -> None:
    agent = make_agent()
    Account.objects.filter(pk=agent.pk).update(language="en")
    assert signed_in(agent).get("/gestion/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("kinds", [[], ["recovery_codes"], ["totp"], ["webauthn", "recovery_codes"]])
def test_the_query_of_a_sign_in_knows_the_second_factor_as_the_account_does(kinds: list[str]) -> None:
    """Recovery codes alone are none: they stand for an app or a key."""
    account = open_account(CAMILLE)
    for kind in kinds:
        Authenticator.objects.create(user=account, type=kind, data={})
    [found] = Account.objects.with_factors()
    assert (
        found.has_second_factor == account.has_second_factor == bool({"totp", "webauthn"}.intersection(kinds))
    )
