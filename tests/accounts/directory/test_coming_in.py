"""Agents sign in by the insurer's directory: who they become here, and what the directory gives and takes."""

import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from adherents.accounts.directory import services as directory
from adherents.accounts.directory.person import DirectoryPerson
from adherents.accounts.models import Account, DirectoryIdentity, Role, Session
from adherents.accounts.services import agents
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.directory.steps import (
    DESK,
    NADIA,
    PROTECT,
    WHY,
    Mails,
    come_in,
    go,
    refused_why,
    use,
)
from tests.accounts.steps import is_signed_in, text_of
from tests.agents import SIGN_IN, STEP, add_totp, code_of, enter, make_agent, signed_in
from tests.at_once import at_once
from tests.openid_provider import SECRET, TestProvider, back

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database


def test_the_first_sign_in_makes_the_agent_with_role_and_group_from_the_claim(
    client: Client, there: TestProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = text_of(client.get(SIGN_IN))  # type: ignore[arg-type]
    assert "Se connecter avec l’annuaire" in page
    address = go(client, there, next=reverse("desk:agents"))
    answer = client.get(back(address))
    assert answer.headers["Location"] == reverse("desk:agents")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    agent = Account.objects.get()
    assert (agent.identifier, agent.role, agent.team) == (NADIA["email"], Role.ADVISER, "Optique")
    assert agent.called == NADIA["name"]
    assert not agent.has_usable_password()
    assert client.get(DESK).status_code == 200  # the directory asked for two proofs
    [entry] = Entry.objects.filter(event=Event.SIGNED_IN)
    assert entry.details == {"method": "directory+directory_factor"}
    assert Entry.objects.filter(event=Event.AGENT_ARRIVED, subject=agent.subject).count() == 1
    ours = [record for record in caplog.records if record.name.startswith(("adherents", "django", "allauth"))]
    assert ours
    logged = " ".join(
        str(record.__dict__) for record in ours
    )  # the provider writes of itself in the same process
    code = address.split("code=")[1].split("&")[0]
    for secret in (SECRET, code, client.cookies["annuaire"].value or "-no-", "eyJ"):
        assert secret not in logged


def test_who_is_known_is_known_by_sub_and_role_and_group_follow_the_claim(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    come_in(client, there)
    changed = NADIA | {"email": "nadia.nouveau@mutuelle.example", "groups": ["adherents-administrateurs"]}
    there.say_of("nadia", **changed)
    come_in(Client(), there)
    agent = Account.objects.get()
    assert (agent.email, agent.role, agent.team) == (NADIA["email"], Role.ADMINISTRATOR, "")
    assert not is_signed_in(client), "the session with the former role has ended"
    [entry] = Entry.objects.filter(event=Event.AGENT_ROLE_CHANGED)
    assert (entry.actor, entry.details) == ("directory", {"former": "conseiller", "role": "administrateur"})
    subjects = [mail.subject for mail in mails()]
    assert any("rôle" in subject for subject in subjects), subjects
    assert any("appareil" in subject or "connexion" in subject.lower() for subject in subjects), subjects


def test_a_claim_that_goes_suspends_and_one_that_comes_back_reinstates_but_never_past_an_administrateur(
    client: Client, there: TestProvider
) -> None:
    come_in(client, there)
    there.say_of("nadia", **NADIA | {"groups": ["vpn"]})
    answer = come_in(Client(), there)
    assert answer.status_code == 400
    assert "aucun rôle" in text_of(answer)
    assert Account.objects.get().closed_at is not None
    assert not is_signed_in(client)
    there.say_of("nadia", **NADIA)
    assert come_in(client, there).headers["Location"] == DESK
    agent, by = Account.objects.get(), make_agent(Role.ADMINISTRATOR)
    agents.suspend(agent=agent, by=by, reason=WHY)
    assert "suspendu" in text_of(come_in(Client(), there))
    assert refused_why() == ["no_role", "suspended"]
    with pytest.raises(agents.ByDirectory):
        agents.change_role(agent=agent, by=by, role="auditeur", reason=WHY)
    with pytest.raises(agents.ByDirectory):
        agents.change_team(agent=agent, by=by, team="Dentaire")


def test_nobody_without_a_role_or_an_address_gets_an_account(client: Client, there: TestProvider) -> None:
    for sub, claims in {
        "a": NADIA | {"groups": "vpn"},
        "b": {name: value for name, value in NADIA.items() if name != "email"},
        "c": NADIA | {"email_verified": False},
        "d": NADIA | {"groups": {"adherents-conseillers": True}},
    }.items():
        there.say_of(sub, **claims)
        assert come_in(client, there, sub).status_code == 400
    assert refused_why() == ["no_role", "no_address", "no_address", "no_role"]
    assert not Account.objects.exists()


def test_an_agent_who_was_here_is_linked_by_an_administrateur_and_never_by_the_claim(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    agent, by = make_agent(address=str(NADIA["email"])), make_agent(Role.ADMINISTRATOR)
    there.say_of("nadia", **NADIA | {"groups": ["adherents-administrateurs"]})
    answer = come_in(client, there)
    assert answer.status_code == 400
    assert "administrateur du portail doit d’abord vous relier" in text_of(answer)
    come_in(client, there)  # again: it still waits
    there.say_of("squatter", **NADIA)
    assert "une autre demande attend" in text_of(come_in(Client(), there, "squatter"))
    assert refused_why() == ["link_wanted", "link_wanted", "address_taken"]
    assert not is_signed_in(client)

    desk = signed_in(by)
    page = text_of(desk.get(reverse("desk:agent", args=[agent.pk])))  # type: ignore[arg-type]
    assert "Nadia Kessler · nkessler" in page
    assert "à relier à l’annuaire" in text_of(desk.get(reverse("desk:agents")))  # type: ignore[arg-type]
    mails()
    assert desk.post(reverse("desk:link_agent", args=[agent.pk]), {"reason": WHY}).status_code == 302
    assert [mail.to for mail in mails()] == [agent.email]
    identity = DirectoryIdentity.objects.get()
    assert (identity.sub, identity.presented_name) == ("nadia", "")
    assert come_in(client, there).headers["Location"] == DESK
    agent.refresh_from_db()
    assert agent.role == Role.ADMINISTRATOR
    linked = Entry.objects.get(event=Event.DIRECTORY_LINKED)
    assert (linked.subject, linked.actor, linked.details) == (agent.subject, by.actor, {"reason": WHY})

    with pytest.raises(directory.NothingAsked):
        directory.link(agent=agent, by=by, reason=WHY)
    directory.unlink(agent=agent, by=by, reason=WHY)
    assert not is_signed_in(client)
    with pytest.raises(directory.NotLinked):
        directory.unlink(agent=agent, by=by, reason=WHY)
    assert Entry.objects.filter(event=Event.DIRECTORY_UNLINKED, actor=by.actor).count() == 1


def test_the_second_factor_is_theirs_where_they_say_so_and_else_ours(
    client: Client, there: TestProvider, settings: Any
) -> None:
    there.say_of("nadia", **NADIA | {"amr": ["pwd"]})
    assert come_in(client, there).headers["Location"] == DESK
    assert client.get(DESK).headers["Location"] == PROTECT  # none here, none there: one is added first
    agent = Account.objects.get()
    secret = add_totp(agent)
    client = Client()
    assert come_in(client, there).headers["Location"] == STEP
    assert not is_signed_in(client)
    assert "L’annuaire vous reconnaît" in text_of(client.get(STEP))  # type: ignore[arg-type]
    assert client.post(STEP, {"code": code_of(secret)}).headers["Location"] == DESK
    assert client.get(DESK).status_code == 200
    assert Session.objects.filter(account=agent).by_directory().count() == 1
    there.say_of("nadia", **NADIA)
    client = Client()
    assert come_in(client, there).headers["Location"] == DESK
    use(settings, second_factor_amr=("hwk",), second_factor_acr=("fort",))
    there.say_of("nadia", **NADIA | {"amr": ["pwd"]})
    assert come_in(Client(), there).headers["Location"] == DESK  # by its acr
    # what the directory said serves the sign-in that it was said for, and no other
    Account.objects.filter(pk=agent.pk).update(password=make_agent(address="x@mese.example").password)
    agent.refresh_from_db()
    assert enter(client, agent).headers["Location"] == STEP  # type: ignore[attr-defined]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_once_make_one_agent(settings: Any) -> None:
    use(settings)
    person = DirectoryPerson(
        issuer="http://localhost:1",
        sub="nadia",
        email=str(NADIA["email"]),
        name="Nadia Kessler",
        username="",
        role=Role.ADVISER,
        team="Optique",
        two_proofs=True,
        mark="m",
    )
    got = at_once([lambda: directory.arrive(person=person)] * 12)
    assert {type(one) for one in got} == {Account}
    assert {one.pk for one in got} == {Account.objects.get().pk}  # type: ignore[attr-defined]
    assert Entry.objects.filter(event=Event.AGENT_ARRIVED).count() == 1
