"""« Modifier mon adresse e-mail »: asked for, confirmed by a button, and what ends it (G10)."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.services import closing, lock
from adherents.accounts.services.access_link import make_link
from adherents.journal.events import Event
from adherents.members.models import Member
from adherents.portal.history import entries_about
from tests.accounts.steps import change_password, is_signed_in, lock_out, sign_in, text_of
from tests.cast import CAMILLE, EVE, NO_MAIL
from tests.enrolment.own_address import (
    ASKED,
    BORN,
    CHANGE,
    CONFIRM,
    NEW,
    OLD,
    REPORT,
    THIEF,
    Mails,
    addresses,
    ask,
    by_an_agent,
    change,
    confirm,
    link_in,
    prove,
    report,
    report_a_stranger,
    signed_in,
    to,
)
from tests.factories import open_account

# Pages and mails; test_own_address_races has the rows.
pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10"), pytest.mark.any_database]


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


def close_and_reopen(account: Account) -> None:
    closing.close(account=account, actor="agent:1", reason="appel")
    closing.reopen(account=account, actor="agent:1", reason="appel")


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


def test_nothing_of_it_is_asked_of_an_agent_or_a_stranger() -> None:
    for page in (CHANGE, ASKED):
        assert Client().get(page).status_code == 302
    assert Client().get(CONFIRM).status_code == 410
    assert Client().get(REPORT).status_code == 410
    assert Client().post(REPORT).status_code == 410
