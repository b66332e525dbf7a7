"""« Modifier mon adresse e-mail », and « ce n’était pas moi » from the former one (G7, G10)."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, KnownDevice, Purpose
from adherents.accounts.services import closing, compromise, lock
from adherents.accounts.services.access_link import DeadLink, make_link
from adherents.desk.services import account_actions
from adherents.enrolment.services import taking_back
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from adherents.portal.history import entries_about
from tests.accounts.steps import (
    ask_for_link,
    change_password,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    lock_out,
    reset,
    sign_in,
    text_of,
)
from tests.agents import make_agent
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, NO_MAIL
from tests.conftest import Mail
from tests.enrolment.own_address import (
    ASKED,
    CHANGE,
    CONFIRM,
    REPORT,
    Mails,
    ask,
    change,
    confirm,
    link_in,
    prove,
    report,
    signed_in,
)
from tests.enrolment.test_first_connection import claim
from tests.factories import open_account

# Pages and mails; test_own_address_races has the rows.
pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10"), pytest.mark.any_database]
OLD, NEW, THIEF = CAMILLE.email, "nouvelle@example.org", "voleur@example.org"
BORN, NOT_BORN = CAMILLE.birth_day, ("04", "03", "1954")


@pytest.fixture
def camille(db: None) -> Account:
    return open_account(CAMILLE)


def addresses() -> tuple[str, str]:
    """What the register and the account have."""
    member = Member.objects.get(number=CAMILLE.number)
    return member.email, Account.objects.get(identifier=CAMILLE.number).email


def to(mails: list[Mail], address: str) -> Mail:
    [mail_found] = [mail for mail in mails if mail.to == address]
    return mail_found


# asking


def test_a_session_that_is_open_is_not_enough_to_change_the_address(camille: Account, mails: Mails) -> None:
    client = Client()
    sign_in(client, CAMILLE.number)
    for asked in (client.get(CHANGE), ask(client, THIEF)):
        assert asked.status_code == 302
        assert "/compte/securite/" in asked.url  # type: ignore[attr-defined]
    assert prove(client, "pas-le-Bon-00").status_code == 200
    assert ask(client, THIEF).status_code == 302
    assert mails() == []
    assert prove(client).status_code == 302
    assert ask(client, NEW).url == ASKED
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert "/compte/securite/" in ask(client, THIEF).url


def test_a_new_address_counts_once_it_is_confirmed_by_a_button(camille: Account, mails: Mails) -> None:
    client = signed_in(CAMILLE)
    assert NEW in text_of(client.get(ask(client, NEW).url))  # type: ignore[arg-type]
    [mail] = mails()
    assert (mail.to, mail.subject) == (NEW, "Confirmez votre adresse e-mail")
    assert CAMILLE.number not in mail.text + mail.html
    scanner = Client()
    scanner.get(link_in(mail))
    assert NEW in text_of(scanner.get(CONFIRM))  # type: ignore[arg-type]
    assert addresses() == (OLD, OLD)
    page = client.get("/adherent/donnees-personnelles/")
    assert "no•••@example.org" in text_of(page)  # type: ignore[arg-type]
    assert "Votre adresse est confirmée" in text_of(confirm(link_in(mail)))
    assert addresses() == (NEW, NEW)
    arrived = mails()
    assert {mail.to for mail in arrived} == {OLD, NEW}
    assert "no•••@example.org" in to(arrived, OLD).text
    assert NEW not in to(arrived, OLD).text
    assert confirm(link_in(mail)).status_code == 410
    assert is_signed_in(client)


def test_every_link_that_went_to_the_former_address_dies_but_the_report(
    camille: Account, mails: Mails
) -> None:
    client = signed_in(CAMILLE)
    for purpose in (Purpose.RESET, Purpose.FIRST_CONNECTION, Purpose.STRANGER, Purpose.LETTER):
        make_link(account=camille, purpose=purpose, validity=timedelta(days=1))
    change(client, NEW, mails)
    assert [link.purpose for link in AccessLink.objects.live()] == [Purpose.ADDRESS_CHANGED]


def test_an_address_that_somebody_else_has_is_answered_like_any_other(mails: Mails) -> None:
    """A couple shares a mailbox, and a member cannot learn who else is a member."""
    open_account(CAMILLE)
    open_account(EVE)
    answers = []
    for address in (EVE.email, "personne@example.org"):
        client = signed_in(CAMILLE)
        answer = ask(client, address)
        shown = text_of(client.get(answer.url)).replace(address, "ADDRESS")  # type: ignore[arg-type]
        shown = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", shown)
        answers.append((answer.status_code, answer.url, shown))
    assert answers[0] == answers[1]
    arrived = [mail for mail in mails() if "/adherent/adresse/" in mail.text]
    assert confirm(link_in(to(arrived, EVE.email))).status_code == 200
    assert addresses() == (EVE.email, EVE.email)
    assert Member.objects.get(number=EVE.number).email == EVE.email


def test_the_address_that_one_has_is_refused_unless_it_is_in_failure(camille: Account, mails: Mails) -> None:
    client = signed_in(CAMILLE)
    assert "C’est déjà l’adresse de votre compte" in text_of(ask(client, OLD.upper()))
    Member.objects.update(email_bounced_at=timezone.now())
    ask(client, OLD)
    assert confirm(link_in(mails()[0])).status_code == 200
    assert Member.objects.get().is_reachable
    assert addresses() == (OLD, OLD)


def test_five_addresses_a_day_and_no_more(camille: Account, mails: Mails) -> None:
    client = signed_in(CAMILLE)
    for number in range(5):
        assert ask(client, f"a{number}@example.org").status_code == 302
    assert "plusieurs adresses depuis hier" in text_of(ask(client, "a5@example.org"))
    assert len(mails()) == 5
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        client = signed_in(CAMILLE)
        assert ask(client, "a6@example.org").status_code == 302


def test_of_two_addresses_that_wait_the_first_one_confirmed_counts(camille: Account, mails: Mails) -> None:
    client = signed_in(CAMILLE)
    ask(client, "une@example.org")
    ask(client, "deux@example.org")
    arrived = mails()
    assert confirm(link_in(to(arrived, "une@example.org"))).status_code == 200
    assert confirm(link_in(to(arrived, "deux@example.org"))).status_code == 410
    assert addresses() == ("une@example.org", "une@example.org")


def by_an_agent(account: Account) -> None:
    change_email(member=account.member, email="agent@example.org", actor="agent:1", reason="appel")


def close_and_reopen(account: Account) -> None:
    closing.close(account=account, actor="agent:1", reason="appel")
    closing.reopen(account=account, actor="agent:1", reason="appel")


def report_a_stranger(account: Account) -> None:
    token = make_link(account=account, purpose=Purpose.STRANGER, validity=timedelta(days=1))
    compromise.shut_out(token=token)


@pytest.mark.parametrize(
    "event",
    [
        by_an_agent,
        close_and_reopen,
        report_a_stranger,
        lambda account: closing.close(account=account, actor="agent:1", reason="appel"),
        lambda account: change_password(signed_in(CAMILLE)),
    ],
)
def test_a_link_that_confirms_dies_of_whatever_happens_to_the_account(
    camille: Account, mails: Mails, event: Any
) -> None:
    ask(signed_in(CAMILLE), THIEF)
    mail = to(mails(), THIEF)
    event(camille)
    before = addresses()
    assert confirm(link_in(mail)).status_code == 410
    assert addresses() == before
    assert THIEF not in before


@pytest.mark.rule("G11")
def test_a_lock_stops_the_confirmation_also_once_its_wait_is_over(camille: Account, mails: Mails) -> None:
    ask(signed_in(CAMILLE), NEW)
    mail = to(mails(), NEW)
    lock_out(CAMILLE.number)
    assert "Ce compte est bloqué" in text_of(confirm(link_in(mail)))
    lock.end_lock(account=camille, actor="agent:1", reason="appel")
    assert confirm(link_in(mail)).status_code == 200  # the page of a lock, past its end
    assert addresses() == (OLD, OLD)


def test_a_member_without_an_address_gives_one(mails: Mails) -> None:
    open_account(NO_MAIL)
    arrived = change(signed_in(NO_MAIL), NEW, mails)
    assert [mail.to for mail in arrived] == [NEW]
    assert Member.objects.get().email == NEW


def test_a_member_that_the_register_let_go_of_is_sent_back(camille: Account) -> None:
    client = signed_in(CAMILLE)
    Member.objects.update(account=None)
    assert client.get(CHANGE).status_code == 302
    assert ask(client, NEW).url == "/adherent/donnees-personnelles/"


def test_the_history_tells_each_step(camille: Account, mails: Mails) -> None:
    arrived = change(signed_in(CAMILLE), NEW, mails)
    report(to(arrived, OLD), BORN)
    account = Account.objects.get()
    happened = set(
        entries_about(account=account, member=Member.objects.get()).values_list("event", flat=True)
    )
    assert {Event.EMAIL_PROPOSED, Event.EMAIL_CHANGED, Event.ADDRESS_TAKEN_BACK} <= happened


# taking it back


def test_the_former_address_takes_the_change_back_and_nothing_opens_any_more(
    camille: Account, mails: Mails
) -> None:
    thief = signed_in(CAMILLE)
    arrived = change(thief, THIEF, mails)
    owner = Client()
    page = text_of(owner.get(to(arrived, OLD).link, follow=True))  # type: ignore[arg-type]
    assert CAMILLE.number not in page
    assert "•01" in page
    assert is_signed_in(thief)
    assert "Votre adresse est remise" in text_of(report(to(arrived, OLD), BORN, owner))
    assert addresses() == (OLD, OLD)
    assert not is_signed_in(thief)
    assert not KnownDevice.objects.exists()
    assert {mail.to for mail in mails()} == {OLD, THIEF}
    for browser in (thief, Client()):
        assert "Ce compte est bloqué" in text_of(sign_in(browser, CAMILLE.number))
    assert owner.get(REPORT).status_code == 410


@pytest.mark.rule("G7")
def test_a_wrong_birth_date_counts_and_the_fifth_kills_the_report(camille: Account, mails: Mails) -> None:
    arrived, client = change(signed_in(CAMILLE), NEW, mails), Client()
    for left in (4, 3, 2, 1):
        assert f"Il vous reste {left} essai" in text_of(report(to(arrived, OLD), NOT_BORN, client))
    assert report(to(arrived, OLD), NOT_BORN, client).status_code == 410
    assert report(to(arrived, OLD), BORN).status_code == 410
    assert addresses() == (NEW, NEW)


def test_the_report_opens_for_seven_days_by_a_button(camille: Account, mails: Mails) -> None:
    arrived = change(signed_in(CAMILLE), NEW, mails)
    client = Client()
    client.get(to(arrived, OLD).link, follow=True)  # a mail scanner
    assert addresses() == (NEW, NEW)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        client.get(to(arrived, OLD).link)
        assert client.get(REPORT).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        client.get(to(arrived, OLD).link)
        assert client.get(REPORT).status_code == 410


@pytest.fixture
def taken_back(camille: Account, mails: Mails) -> Account:
    """After « ce n’était pas moi »: the person who sent it had the former mailbox and the birth date."""
    arrived = change(signed_in(CAMILLE), NEW, mails)
    report(to(arrived, OLD), BORN)
    mails()
    return Account.objects.get(identifier=CAMILLE.number)


def test_a_stolen_former_mailbox_does_not_win_by_a_reset(taken_back: Account, mails: Mails) -> None:
    asked = [ask_for_link(Client(), number) for number in (CAMILLE.number, "99999999")]
    assert asked[0].status_code == asked[1].status_code
    assert asked[0].headers["Location"] == asked[1].headers["Location"]
    [mail] = mails()
    assert mail.to == OLD
    assert "Première connexion" in mail.text
    assert "/authentication/" not in mail.text
    ask_for_link(Client(), CAMILLE.number)
    assert mails() == []  # once an hour
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        ask_for_link(Client(), CAMILLE.number)
        assert "/authentication/" not in mails()[0].text
        assert "Ce compte est bloqué" in text_of(sign_in(Client(), CAMILLE.number))


@pytest.mark.rule("G8")
def test_a_first_connection_opens_it_again(taken_back: Account, mails: Mails) -> None:
    claim(CAMILLE)
    [mail] = mails()
    client = Client()
    follow(client, mail)
    assert choose_password(client, BORN).status_code == 200
    assert is_signed_in(signed_in(CAMILLE, NEW_PASSWORD))
    mails()
    assert reset(CAMILLE, mails, "violon-Orange-31").status_code == 200  # and a reset is one again


@pytest.mark.parametrize("act", ["end_lock", "send_link", "change_email", "reopen"])
def test_an_agent_opens_it_again(taken_back: Account, mails: Mails, act: str) -> None:
    agent, member = make_agent(), Member.objects.get(number=CAMILLE.number)
    mails()
    if act == "end_lock":
        account_actions.end_lock(agent=agent, member=member, reason="appel")
    elif act == "send_link":
        account_actions.send_link(agent=agent, member=member, reason="appel")
    elif act == "change_email":
        account_actions.change_email(agent=agent, member=member, email=NEW, reason="appel")
    else:
        account_actions.close_account(agent=agent, member=member, reason="appel")
        member = Member.objects.get(number=CAMILLE.number)
        account_actions.reopen_account(agent=agent, member=member, reason="appel")
    mail = mails()[-1] if act == "send_link" else link_for(CAMILLE, mails)
    client = Client()
    follow(client, mail)
    assert choose_password(client, BORN).status_code == 200
    assert is_signed_in(signed_in(CAMILLE, NEW_PASSWORD))


def test_what_the_thief_did_meanwhile_does_not_silence_the_owner(camille: Account, mails: Mails) -> None:
    """A new password, another address, « ce n’était pas moi » of a device, a reset: all with the thief's own mailbox."""
    arrived = change(signed_in(CAMILLE), THIEF, mails)
    change_password(signed_in(CAMILLE))
    change(signed_in(CAMILLE, NEW_PASSWORD), "voleur2@example.org", mails)
    report_a_stranger(Account.objects.get())
    mails()
    assert reset(CAMILLE, mails, "violon-Orange-31").status_code == 200
    assert "Votre adresse est remise" in text_of(report(to(arrived, OLD), BORN))
    assert addresses() == (OLD, OLD)
    assert "Ce compte est bloqué" in text_of(sign_in(Client(), CAMILLE.number, "violon-Orange-31"))


def test_a_later_change_taken_back_leaves_the_owner_s_report_alive(camille: Account, mails: Mails) -> None:
    """The thief changes twice and takes the second one back, to end everything that was sent."""
    first = change(signed_in(CAMILLE), THIEF, mails)
    second = change(signed_in(CAMILLE), "voleur2@example.org", mails)
    assert report(to(second, THIEF), BORN).status_code == 200
    assert addresses() == (THIEF, THIEF)
    mails()
    assert report(to(first, OLD), BORN).status_code == 200
    assert addresses() == (OLD, OLD)
    assert not AccessLink.objects.live().exists()


def test_taking_the_first_change_back_ends_the_reports_of_the_later_ones(
    camille: Account, mails: Mails
) -> None:
    first = change(signed_in(CAMILLE), THIEF, mails)
    second = change(signed_in(CAMILLE), "voleur2@example.org", mails)
    assert report(to(first, OLD), BORN).status_code == 200
    assert report(to(second, THIEF), BORN).status_code == 410
    assert addresses() == (OLD, OLD)


def test_an_agent_s_change_ends_the_report(camille: Account, mails: Mails) -> None:
    arrived = change(signed_in(CAMILLE), NEW, mails)
    by_an_agent(Account.objects.get())
    assert report(to(arrived, OLD), BORN).status_code == 410
    assert addresses() == ("agent@example.org", "agent@example.org")


def test_a_key_that_the_thief_added_goes_also_from_just_before_the_change(
    camille: Account, mails: Mails
) -> None:
    def add(kind: str, ago: timedelta) -> None:
        Authenticator.objects.create(user=camille, type=kind, data={}, created_at=timezone.now() - ago)

    change_told = change(signed_in(CAMILLE), THIEF, mails)
    add(Authenticator.Type.TOTP, timedelta(days=30))
    add(Authenticator.Type.WEBAUTHN, timedelta(hours=1))
    add(Authenticator.Type.WEBAUTHN, timedelta(0))
    report(to(change_told, OLD), BORN)
    assert [factor.type for factor in Authenticator.objects.all()] == [Authenticator.Type.TOTP]


def test_a_change_taken_back_twice_is_taken_back_once(camille: Account, mails: Mails) -> None:
    arrived = change(signed_in(CAMILLE), NEW, mails)
    for _ in range(2):
        report(to(arrived, OLD), BORN)
    assert Entry.objects.filter(event=Event.ADDRESS_TAKEN_BACK).count() == 1


def test_a_closed_account_is_neither_confirmed_nor_taken_back(camille: Account, mails: Mails) -> None:
    arrived = change(signed_in(CAMILLE), NEW, mails)
    token = to(arrived, OLD).token
    closing.close(account=camille, actor="agent:1", reason="appel")
    with pytest.raises(DeadLink):
        taking_back.take_back(token=token, birth_date=CAMILLE.birth_date)
    assert addresses() == (NEW, NEW)


def test_nothing_of_it_is_asked_of_an_agent_or_a_stranger() -> None:
    for page in (CHANGE, ASKED):
        assert Client().get(page).status_code == 302
    assert Client().get(CONFIRM).status_code == 410
    assert Client().get(REPORT).status_code == 410
    assert Client().post(REPORT).status_code == 410
