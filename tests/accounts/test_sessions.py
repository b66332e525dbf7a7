"""Open sessions: an agent's short and alone, a member's listed and ended, everything shut by « ce n’était pas moi »."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, KnownDevice, Purpose, Role, Session
from adherents.accounts.services import end_sessions
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import follow, is_signed_in, reset, sign_in, text_of
from tests.accounts.test_second_factor import DESK, words
from tests.agents import STEP, add_totp, code_of, enter, make_agent, signed_in
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, PASSWORD
from tests.conftest import Mail
from tests.factories import open_account

pytestmark = pytest.mark.django_db
Mails = Callable[[], list[Mail]]
LIST = "/adherent/donnees-personnelles/connexions/"
OTHERS = f"{LIST}autres/"
PROOF = "/compte/securite/mot-de-passe/"
REPORT = "/adherent/authentication/pas-moi/"
START = timezone.now().replace(microsecond=0)


def test_an_agents_session_ends_after_15_idle_minutes_and_a_members_does_not() -> None:
    open_account(CAMILLE)
    with time_machine.travel(START, tick=False) as clock:
        desk, member = signed_in(make_agent()), Client()
        sign_in(member, CAMILLE.number)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert desk.get(DESK).status_code == 200
        clock.shift(timedelta(minutes=15))
        assert desk.get(DESK).url == "/gestion/connexion/"  # type: ignore[attr-defined]
        clock.move_to(START + timedelta(minutes=19))
        assert is_signed_in(member)


def test_an_agent_is_signed_in_once_and_the_former_browser_says_why() -> None:
    agent = make_agent()
    secret = add_totp(agent)
    first, second = Client(), Client()
    for minutes, client in enumerate((first, second)):
        enter(client, agent)
        client.post(STEP, {"code": code_of(secret, ahead=minutes)})
    assert second.get(DESK).status_code == 200
    answer = first.get(DESK, follow=True)
    assert answer.redirect_chain == [("/gestion/connexion/?fin=ailleurs", 302)]
    assert "vient d’être ouvert dans un autre navigateur" in words(answer)
    assert Session.objects.filter(account=agent).count() == 1


def test_the_sign_in_page_says_nothing_that_a_strangers_address_bar_asks_it_to(client: Client) -> None:
    assert "autre navigateur" not in text_of(client.get("/gestion/connexion/?fin=<b>perdu</b>"))  # type: ignore[arg-type]


def prove(client: Client) -> None:
    """The password once more."""
    assert client.post(PROOF, {"password": PASSWORD}).status_code == 302


def browsers(*numbers: str) -> list[Client]:
    cookies = []
    for number in numbers:
        client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"})
        sign_in(client, number)
        cookies.append(client)
    return cookies


def test_a_member_reads_their_own_sessions_and_nobody_elses() -> None:
    open_account(CAMILLE)
    open_account(EVE)
    here, _, _ = browsers(CAMILLE.number, CAMILLE.number, EVE.number)
    page = text_of(here.get(LIST))  # type: ignore[arg-type]
    assert page.count("Firefox") >= 2
    others = Session.objects.filter(account__identifier=EVE.number).get()
    assert others.reference not in page
    assert page.count("Mettre fin à cette connexion") == 1


def test_one_session_is_ended_and_this_one_and_others_people_stay() -> None:
    account = open_account(CAMILLE)
    open_account(EVE)
    here, there, eve = browsers(CAMILLE.number, CAMILLE.number, EVE.number)
    mine = Session.objects.filter(account=account).newest_first()[0]
    theirs = Session.objects.get(account__identifier=EVE.number)
    prove(here)
    here.post(f"{LIST}{theirs.reference}/")
    assert is_signed_in(eve)
    here.get(f"{LIST}{mine.reference}/")
    assert is_signed_in(there)  # to read is to change nothing
    here.post(f"{LIST}{mine.reference}/")
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert "depuis un autre appareil" in words(there.get("/adherent/"))


def test_all_the_others_end_at_once_and_it_is_in_the_journal() -> None:
    account = open_account(CAMILLE)
    here, *there = browsers(*[CAMILLE.number] * 3)
    prove(here)
    assert "terminées" in words(here.post(OTHERS, follow=True))
    assert [is_signed_in(client) for client in (here, *there)] == [True, False, False]
    entry = Entry.objects.get(event=Event.SESSIONS_ENDED)
    assert (entry.subject, entry.actor, entry.details) == (account.subject, account.subject, {"count": 2})


def test_ending_sessions_asks_for_the_password_and_again_after_five_minutes() -> None:
    open_account(CAMILLE)
    with time_machine.travel(START, tick=False) as clock:
        here, there = browsers(CAMILLE.number, CAMILLE.number)
        other = Session.objects.newest_first()[0]
        for address in (OTHERS, f"{LIST}{other.reference}/"):
            assert here.post(address).url.startswith(PROOF)  # type: ignore[attr-defined]
        prove(here)
        clock.shift(timedelta(minutes=6))
        assert here.post(OTHERS).url.startswith(PROOF)  # type: ignore[attr-defined]
        assert is_signed_in(there)


def test_the_desk_ends_every_session_of_a_member_who_is_told(mails: Mails) -> None:
    account, adviser = open_account(CAMILLE), make_agent()
    (there,) = browsers(CAMILLE.number)
    mails()
    end_sessions.end_all_of(account=account, by=adviser, reason="téléphone volé")
    assert not is_signed_in(there)
    (mail,) = mails()
    assert mail.to == CAMILLE.email
    entry = Entry.objects.get(event=Event.SESSIONS_ENDED)
    assert (entry.actor, entry.details["reason"]) == (adviser.actor, "téléphone volé")
    with pytest.raises(end_sessions.NothingOpen):
        end_sessions.end_all_of(account=account, by=adviser, reason="encore")


@pytest.fixture
def reported(mails: Mails) -> tuple[Account, Client, Client, Mail]:
    """Camille's account, her browser, a stranger's, and the mail that tells her of it."""
    account = open_account(CAMILLE)
    own, stranger = browsers(CAMILLE.number, CAMILLE.number)
    mail = next(mail for mail in mails() if "/pas-moi/" in mail.text)
    return account, own, stranger, mail


def test_opening_the_mail_of_a_new_device_changes_nothing(
    reported: tuple[Account, Client, Client, Mail], mails: Mails
) -> None:
    account, own, stranger, mail = reported
    before = Entry.objects.count(), KnownDevice.objects.count()
    for _ in range(2):
        scanner = Client()
        assert scanner.get(mail.link).url == REPORT  # type: ignore[attr-defined]
        assert "Ce n’était pas moi : tout fermer" in words(scanner.get(REPORT))
        scanner.head(REPORT)
    assert is_signed_in(own)
    assert is_signed_in(stranger)
    assert (Entry.objects.count(), KnownDevice.objects.count()) == before
    assert mails() == []
    assert AccessLink.objects.live().filter(account=account, purpose=Purpose.STRANGER).exists()


def test_it_was_not_me_ends_everything_and_only_a_new_password_opens(
    reported: tuple[Account, Client, Client, Mail], mails: Mails
) -> None:
    account, own, stranger, mail = reported
    add_totp(account)  # the stranger's
    client = Client()
    follow(client, mail)
    assert "Tout est fermé" in words(client.post(REPORT))
    assert not is_signed_in(own)
    assert not is_signed_in(stranger)
    assert not Authenticator.objects.filter(user=account).exists()
    assert Entry.objects.filter(event=Event.STRANGER_REPORTED, subject=account.subject).count() == 1
    for browser in (Client(), own, stranger):  # known browsers are known no more
        sign_in(browser, CAMILLE.number)
        assert not is_signed_in(browser)
    follow(client, mail)
    assert client.post(REPORT).status_code == 410  # once
    mails()
    reset(CAMILLE, mails)  # at once: there is nothing to wait for
    sign_in(client, CAMILLE.number, NEW_PASSWORD)
    assert is_signed_in(client)


def test_a_stranger_who_changes_the_password_does_not_silence_the_mail(
    reported: tuple[Account, Client, Client, Mail], mails: Mails
) -> None:
    _, own, _, mail = reported
    reset(CAMILLE, mails)
    client = Client()
    follow(client, mail)
    assert "Tout est fermé" in words(client.post(REPORT))
    sign_in(client, CAMILLE.number, NEW_PASSWORD)
    assert not is_signed_in(client)
    assert not is_signed_in(own)


def test_the_report_is_open_for_30_days(reported: tuple[Account, Client, Client, Mail]) -> None:
    mail = reported[3]
    for days, status in ((29, 200), (31, 410)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            client = Client()
            client.get(mail.link)
            assert client.get(REPORT).status_code == status


def test_an_agents_factors_outlive_a_report_since_the_mailbox_alone_must_not_open_the_desk(
    mails: Mails,
) -> None:
    agent = make_agent(Role.SUPERVISOR)
    secret = add_totp(agent)
    for ahead in range(2):
        client = Client()
        enter(client, agent)
        client.post(STEP, {"code": code_of(secret, ahead=ahead)})
    mail = next(mail for mail in mails() if "/pas-moi/" in mail.text)
    report = Client()
    follow(report, mail)
    report.post(REPORT)
    assert Authenticator.objects.filter(user=agent).exists()
    enter(report, agent, PASSWORD)
    assert not is_signed_in(report)
