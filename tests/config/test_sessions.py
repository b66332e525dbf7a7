"""Sessions as the security page promises them: a new key at each proof, a bounded number, ended when the account changes."""

import pytest
from django.test import Client

from adherents.accounts.models import Account, Role, Session
from adherents.accounts.services.closing import close
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import is_signed_in, sign_in
from tests.agents import code_of, make_agent, signed_in
from tests.cast import CAMILLE, PASSWORD
from tests.factories import open_account

pytestmark = pytest.mark.django_db
HOME = "/adherent/"


@pytest.fixture
def three_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = profile().session.model_copy(update={"max_sessions": 3})
    smaller = profile().model_copy(update={"session": limits})
    monkeypatch.setattr("adherents.accounts.services.sign_in.profile", lambda: smaller)


def test_signing_in_gives_the_session_another_key_and_ends_the_one_before() -> None:
    open_account(CAMILLE)
    client = Client()
    sign_in(client, CAMILLE.number)
    before = client.session.session_key
    sign_in(client, CAMILLE.number)
    assert client.session.session_key != before
    assert Session.objects.count() == 1
    stolen = Client()
    stolen.cookies["session"] = before or ""
    assert not is_signed_in(stolen)


def test_a_key_chosen_by_somebody_else_opens_nothing() -> None:
    open_account(CAMILLE)
    client = Client()
    client.cookies["session"] = "abcdefghijklmnopqrstuvwxyz012345"
    sign_in(client, CAMILLE.number)
    assert client.cookies["session"].value != "abcdefghijklmnopqrstuvwxyz012345"


@pytest.mark.usefixtures("three_at_once")
def test_past_the_profiles_number_of_sessions_the_oldest_ends() -> None:
    account = open_account(CAMILLE)
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        sign_in(browser, CAMILLE.number)
    assert [is_signed_in(browser) for browser in browsers] == [False, True, True, True]
    assert account.sessions.count() == 3
    ended = Entry.objects.about(account.subject).filter(event=Event.SESSIONS_ENDED)
    assert [entry.details for entry in ended] == [{"count": 1}]


@pytest.mark.usefixtures("three_at_once")
def test_one_accounts_sessions_do_not_end_anothers() -> None:
    open_account(CAMILLE)
    mine = Client()
    sign_in(mine, CAMILLE.number)
    agent = make_agent()
    for _ in range(4):
        Session.objects.create(
            session_key=f"k{_}", session_data="", expire_date="2099-01-01T00:00Z", account=agent
        )
    sign_in(Client(), CAMILLE.number)
    assert is_signed_in(mine)
    assert agent.sessions.count() == 4


def test_closing_an_account_ends_its_sessions_at_once() -> None:
    account = open_account(CAMILLE)
    client = Client()
    sign_in(client, CAMILLE.number)
    close(account=account, actor="agent:1", reason="départ")
    assert client.get("/adherent/donnees-personnelles/").status_code == 302
    assert not is_signed_in(client)


def test_proving_oneself_again_gives_the_session_another_key() -> None:
    account = open_account(CAMILLE)
    client = Client()
    sign_in(client, CAMILLE.number)
    before = client.session.session_key
    client.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert account.sessions.count() == 1


def test_a_new_second_factor_ends_every_other_session() -> None:
    account = open_account(CAMILLE)
    client, other = Client(), Client()
    for browser in (client, other):
        sign_in(browser, CAMILLE.number)
    client.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
    page = client.get("/compte/securite/application/")
    secret = page.context["secret"].replace(" ", "")
    client.post("/compte/securite/application/", {"code": code_of(secret)})
    assert Account.objects.get(pk=account.pk).has_second_factor
    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_a_visit_alone_opens_no_session() -> None:
    client = Client()
    for address in (HOME, "/aide/", "/contact/", "/adherent/mot-de-passe-oublie/", "/gestion/connexion/"):
        client.get(address)
    assert Session.objects.count() == 0
    assert "session" not in client.cookies


@pytest.mark.parametrize(
    ("role", "page"),
    [(Role.ADVISER, "/adherent/donnees-personnelles/"), (Role.ADVISER, "/adherent/documents/")],
)
def test_an_agent_refused_in_the_members_space_is_journalled(role: Role, page: str) -> None:
    agent = make_agent(role)
    assert signed_in(agent).get(page).status_code == 403
    refusal = Entry.objects.about(agent.subject).filter(event=Event.ACCESS_REFUSED).get()
    assert refusal.actor == agent.subject
    assert refusal.details["page"] in {"portal:personal_data", "vault:documents"}


def test_a_member_refused_at_the_desk_is_journalled() -> None:
    account = open_account(CAMILLE)
    client = Client()
    sign_in(client, CAMILLE.number)
    assert client.get("/gestion/").status_code == 403
    refusal = Entry.objects.about(account.subject).filter(event=Event.ACCESS_REFUSED).get()
    assert refusal.details == {"page": "casework:queue"}
