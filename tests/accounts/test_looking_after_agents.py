"""An agent's life in an administrator's hands: invited again, another role, suspended, back; never oneself, never the last."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import agents
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import is_signed_in
from tests.accounts.test_second_factor import DESK
from tests.agents import make_agent, signed_in
from tests.conftest import Mail

pytestmark = pytest.mark.django_db
Mails = Callable[[], list[Mail]]
WHY = "changement de poste"


def administrator(name: str = "premiere", *, works: bool = True) -> Account:
    address = f"{name}@mese.example"
    return Account.objects.create(
        identifier=address,
        email=address,
        role=Role.ADMINISTRATOR,
        last_sign_in_at=timezone.now() if works else None,
    )


def journalled(event: Event) -> tuple[str, str, dict[str, object]]:
    entry = Entry.objects.get(event=event)
    return entry.subject, entry.actor, entry.details


def test_an_invitation_sent_again_opens_and_the_former_does_not(client: Client, mails: Mails) -> None:
    by = administrator()
    agent = agents.invite(email="c.morel@mese.example", role="conseiller", actor=by.actor, reason=WHY)
    agents.invite_again(agent=agent, by=by, reason=WHY)
    first, second = mails()
    assert client.get(first.link, follow=True).status_code == 410
    assert client.get(second.link, follow=True).status_code == 200
    events = Entry.objects.filter(event=Event.AGENT_INVITED, subject=agent.subject)
    assert [(entry.actor, entry.details["reason"]) for entry in events] == [(by.actor, WHY)] * 2
    with pytest.raises(agents.AlreadyConnected):
        agents.invite_again(agent=make_agent(), by=by, reason=WHY)


def test_another_role_ends_the_sessions_of_the_former_and_is_told(mails: Mails) -> None:
    agent, by = make_agent(), administrator()
    client = signed_in(agent)
    mails()
    agents.change_role(agent=agent, by=by, role="auditeur", reason=WHY)
    assert not is_signed_in(client)
    assert [mail.to for mail in mails()] == [agent.email]
    assert journalled(Event.AGENT_ROLE_CHANGED) == (
        agent.subject,
        by.actor,
        {"former": "conseiller", "role": "auditeur", "reason": WHY},
    )
    with pytest.raises(agents.AlreadySo):
        agents.change_role(agent=agent, by=by, role="auditeur", reason=WHY)
    with pytest.raises(ValueError, match="no member"):
        agents.change_role(agent=agent, by=by, role="member", reason=WHY)


def test_a_suspended_agent_is_out_at_once_and_comes_back_with_the_same_password(mails: Mails) -> None:
    agent, by = make_agent(), administrator()
    client = signed_in(agent)
    mails()
    agents.suspend(agent=agent, by=by, reason=WHY)
    assert client.get(DESK).url.startswith("/gestion/connexion/")  # type: ignore[attr-defined]
    agents.reinstate(agent=agent, by=by, reason="retour")
    assert [mail.to for mail in mails()] == [agent.email] * 2
    agent.authenticator_set.all().delete()  # type: ignore[attr-defined]
    assert signed_in(agent).get(DESK).status_code == 200
    assert journalled(Event.AGENT_SUSPENDED) == (agent.subject, by.actor, {"reason": WHY})
    assert journalled(Event.AGENT_REINSTATED) == (agent.subject, by.actor, {"reason": "retour"})


def test_the_journal_names_no_group_and_the_agent_has_it() -> None:
    agent, by = make_agent(), administrator()
    agents.change_team(agent=agent, by=by, team="Optique")
    agents.change_team(agent=agent, by=by, team="Optique")
    agent.refresh_from_db()
    assert agent.team == "Optique"
    assert journalled(Event.AGENT_TEAM_CHANGED) == (agent.subject, by.actor, {})


ACTS: list[Callable[[Account, Account], object]] = [
    lambda agent, by: agents.change_role(agent=agent, by=by, role="conseiller", reason=WHY),
    lambda agent, by: agents.suspend(agent=agent, by=by, reason=WHY),
]


@pytest.mark.parametrize("act", ACTS, ids=["role", "suspend"])
def test_nobody_acts_on_themselves(act: Callable[[Account, Account], object]) -> None:
    first = administrator()
    administrator("seconde")
    with pytest.raises(agents.NotOneself):
        act(first, first)


@pytest.mark.parametrize("act", ACTS, ids=["role", "suspend"])
def test_the_last_active_administrator_stays(act: Callable[[Account, Account], object]) -> None:
    """One who is invited only, or suspended, could not take over: they do not count."""
    last, by = administrator(), administrator("seconde")
    administrator("invitee", works=False)
    Account.objects.filter(pk=by.pk).update(last_sign_in_at=None)  # acts, and could not come back
    with pytest.raises(agents.LastAdministrator):
        act(last, by)
    Account.objects.filter(pk=by.pk).update(last_sign_in_at=timezone.now())
    act(last, by)


def test_who_is_no_administrator_any_more_changes_nothing() -> None:
    agent, by = make_agent(), administrator()
    administrator("seconde")
    Account.objects.filter(pk=by.pk).update(role=Role.SUPERVISOR)
    with pytest.raises(agents.NotAnyMore):
        agents.suspend(agent=agent, by=by, reason=WHY)
