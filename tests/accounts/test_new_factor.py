"""A new second factor for an agent who lost theirs: who asks, who agrees, and what opens in between."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, FactorRequest, Role
from adherents.accounts.services import agents, new_factor
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import follow, is_signed_in, with_link
from tests.accounts.test_second_factor import ADD_APP, DESK, INDEX, add_app_by_hand, words
from tests.agents import add_totp, enter, has_app, make_agent, signed_in
from tests.conftest import Mail

pytestmark = pytest.mark.django_db
Mails = Callable[[], list[Mail]]
WHY = "téléphone perdu, reconnu de vive voix"


@pytest.fixture
def agent() -> Account:
    """Who lost the phone."""
    agent = make_agent()
    add_totp(agent)
    return agent


@pytest.fixture
def supervisor() -> Account:
    return make_agent(Role.SUPERVISOR)


@pytest.fixture
def administrator() -> Account:
    return make_agent(Role.ADMINISTRATOR)


@pytest.fixture
def request_(agent: Account, supervisor: Account) -> FactorRequest:
    return new_factor.ask(agent=agent, by=supervisor, reason=WHY)


def done(account: Account) -> list[tuple[str, str]]:
    """What the journal says of second factors: the event, and who did it."""
    entries = Entry.objects.chain(account.subject).filter(event__startswith="agent.new_factor")
    return list(entries.values_list("event", "actor"))


def test_who_asked_cannot_agree_nor_can_the_agent_concerned(
    agent: Account, supervisor: Account, request_: FactorRequest
) -> None:
    with pytest.raises(new_factor.SamePerson):
        new_factor.approve(request=request_, by=supervisor, reason=WHY)
    for answer in (new_factor.approve, new_factor.refuse):
        with pytest.raises(new_factor.NotForOneself):
            answer(request=request_, by=agent, reason=WHY)
    with pytest.raises(new_factor.NotForOneself):
        new_factor.ask(agent=supervisor, by=supervisor, reason=WHY)
    assert has_app(agent)
    assert FactorRequest.objects.waiting().get() == request_


def test_the_database_itself_wants_two_people(request_: FactorRequest, supervisor: Account) -> None:
    for pk in (supervisor.pk, request_.account_id, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            FactorRequest.objects.filter(pk=request_.pk).update(state="approved", settled_by=pk)


def test_asking_changes_nothing_yet_and_the_agent_is_told(
    agent: Account, supervisor: Account, request_: FactorRequest, mails: Mails
) -> None:
    assert [(mail.to, mail.subject) for mail in mails()] == [
        (agent.email, "On demande pour vous un nouveau second facteur")
    ]
    assert has_app(agent)
    assert done(agent) == [(Event.NEW_FACTOR_ASKED, supervisor.actor)]
    with pytest.raises(new_factor.AlreadyAsked):
        new_factor.ask(agent=agent, by=supervisor, reason=WHY)


def test_those_who_can_agree_are_told_by_mail_and_by_a_count_and_nobody_else_is(
    agent: Account, supervisor: Account, administrator: Account, mails: Mails
) -> None:
    gone = make_agent(Role.SUPERVISOR, address="partie@mese.example")
    Account.objects.filter(pk=gone.pk).update(closed_at=timezone.now())
    own = new_factor.ask(agent=agent, by=supervisor, reason=WHY)
    [told] = [mail for mail in mails() if mail.to != agent.email]
    assert (told.to, told.subject) == (administrator.email, "Un second facteur attend votre accord")
    assert "/gestion/agents/" in told.text
    assert agent.shown_name not in told.text
    counted = "second facteur à accorder"
    assert counted not in words(signed_in(supervisor).get("/gestion/"))
    office = signed_in(administrator)
    assert f"Agents ( 1 {counted})" in words(office.get("/gestion/"))
    new_factor.refuse(request=own, by=administrator, reason=WHY)
    assert counted not in words(office.get("/gestion/"))


def test_agreed_the_old_factor_opens_nothing_and_the_mailed_link_lets_add_another(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    elsewhere = Client()
    session = signed_in_anew(agent, elsewhere)
    request_ = new_factor.ask(agent=agent, by=Account.objects.get(role=Role.SUPERVISOR), reason=WHY)
    mails()
    new_factor.approve(request=request_, by=administrator, reason=WHY)
    assert not has_app(agent)
    assert not is_signed_in(session)
    (mail,) = mails()
    assert mail.to == agent.email

    stranger = Client()  # the password alone adds nothing
    enter(stranger, agent)
    assert "lien" in words(stranger.get(INDEX))
    assert stranger.get(ADD_APP).url == INDEX  # type: ignore[attr-defined]
    assert stranger.post(ADD_APP, {"code": "123456"}).url == INDEX  # type: ignore[attr-defined]

    client = Client()
    follow(client, mail)
    enter(client, agent)
    add_app_by_hand(client)
    assert client.get(DESK).status_code == 200
    assert (Event.NEW_FACTOR_APPROVED, administrator.actor) in done(agent)

    again = Client()  # once
    Authenticator.objects.filter(user=agent).delete()
    Account.objects.filter(pk=agent.pk).update(second_factor_reset_at=timezone.now())
    follow(again, mail)
    enter(again, agent)
    assert again.get(ADD_APP).url == INDEX  # type: ignore[attr-defined]


def signed_in_anew(agent: Account, client: Client) -> Client:
    """The agent comes with the app that they have."""
    Authenticator.objects.filter(user=agent).delete()
    return signed_in(agent, client)


def test_an_agent_who_comes_with_the_lost_factor_ends_the_request(
    agent: Account, administrator: Account, request_: FactorRequest
) -> None:
    signed_in_anew(agent, Client())
    assert done(agent)[-1] == (Event.NEW_FACTOR_WITHDRAWN, "system")
    with pytest.raises(new_factor.NothingWaits):
        new_factor.approve(request=request_, by=administrator, reason=WHY)


def test_another_agents_link_adds_nothing(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    new_factor.approve(request=request_, by=administrator, reason=WHY)
    mail = with_link(mails())
    other = make_agent(Role.AUDITOR)
    Account.objects.filter(pk=other.pk).update(second_factor_reset_at=timezone.now())
    client = Client()
    follow(client, mail)
    enter(client, other)
    assert client.get(ADD_APP).url == INDEX  # type: ignore[attr-defined]
    assert not has_app(other)


def test_refused_nothing_changes_and_the_agent_is_told(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    mails()
    new_factor.refuse(request=request_, by=administrator, reason="ne me répond pas")
    assert [mail.to for mail in mails()] == [agent.email]
    assert has_app(agent)
    assert done(agent)[-1] == (Event.NEW_FACTOR_REFUSED, administrator.actor)
    with pytest.raises(new_factor.NothingWaits):
        new_factor.approve(request=request_, by=administrator, reason=WHY)


def test_past_its_hours_a_request_is_answered_by_nobody_and_told(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    mails()
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59), tick=False):
        assert new_factor.expire() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        with pytest.raises(new_factor.NothingWaits):
            new_factor.approve(request=request_, by=administrator, reason=WHY)
        assert new_factor.expire() == 1
        assert [mail.to for mail in mails()] == [agent.email]
        assert done(agent)[-1] == (Event.NEW_FACTOR_EXPIRED, "system")
        assert new_factor.ask(agent=agent, by=administrator, reason=WHY).pk


def test_a_new_password_kills_the_link_and_somebody_sends_another(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    new_factor.approve(request=request_, by=administrator, reason=WHY)
    first = with_link(mails())
    new_factor.send_again(agent=agent, by=administrator, reason=WHY)
    second = with_link(mails())
    for mail, opens in ((first, False), (second, True)):
        account = Account.objects.get(pk=agent.pk)
        assert new_factor.is_open(account=account, token=mail.token) is opens
    with pytest.raises(new_factor.NotForOneself):
        new_factor.send_again(agent=agent, by=agent, reason=WHY)


def test_nothing_is_given_to_who_has_none_or_is_suspended(agent: Account, administrator: Account) -> None:
    with pytest.raises(new_factor.NothingToReplace):
        new_factor.ask(agent=make_agent(Role.AUDITOR), by=administrator, reason=WHY)
    agents.suspend(agent=agent, by=administrator, reason="départ du service")
    with pytest.raises(new_factor.AgentSuspended):
        new_factor.ask(agent=agent, by=administrator, reason=WHY)


def test_an_agent_suspended_meanwhile_gets_no_link(
    agent: Account, administrator: Account, request_: FactorRequest, mails: Mails
) -> None:
    agents.suspend(agent=agent, by=administrator, reason="départ du service")
    mails()
    with pytest.raises(new_factor.AgentSuspended):
        new_factor.approve(request=request_, by=administrator, reason=WHY)
    assert mails() == []
