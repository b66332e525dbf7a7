"""« Ce n’était pas moi », from the former address: the change is taken back (G7, G10)."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, KnownDevice
from adherents.accounts.services import closing
from adherents.accounts.services.access_link import DeadLink
from adherents.desk.services import account_actions
from adherents.enrolment.services import taking_back
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.accounts.steps import (
    ask_for_link,
    change_password,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    reset,
    sign_in,
    text_of,
)
from tests.agents import make_agent
from tests.cast import CAMILLE, NEW_PASSWORD
from tests.enrolment.own_address import (
    BORN,
    NEW,
    OLD,
    REPORT,
    THIEF,
    Mails,
    addresses,
    by_an_agent,
    change,
    report,
    report_a_stranger,
    signed_in,
    to,
)
from tests.enrolment.test_first_connection import claim

# Pages and mails; test_own_address_races has the rows.
pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10"), pytest.mark.any_database]


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


NOT_BORN = ("04", "03", "1954")


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
