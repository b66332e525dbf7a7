"""Sessions that came by the directory: what else opens, what locks, and how they end."""

import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import Account, Role, SignInCounter
from adherents.accounts.openid import provider
from adherents.accounts.services import agents, lock
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.directory.steps import DESK, DOOR, END, NADIA, WHY, Mails, come_in, come_in_as, use
from tests.accounts.passkeys import passkey_of
from tests.accounts.security_key import OPTIONS, sign_in_options
from tests.accounts.steps import is_signed_in, text_of
from tests.agents import SIGN_IN, enter, make_agent, signed_in
from tests.cast import PASSWORD
from tests.openid_provider import CLIENT_ID, TestProvider, Wrongs, back

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database


def test_passwords_that_are_off_open_nothing_but_the_break_glass_account_which_alerts(
    client: Client,
    there: TestProvider,
    settings: Any,
    mails: Mails,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rescue = make_agent(Role.ADMINISTRATOR, address="secours@mutuelle.example")
    other = make_agent(Role.ADMINISTRATOR)
    agent = make_agent()
    signed_in(other)
    use(settings, passwords=False, break_glass=rescue.identifier)
    page = text_of(client.get(SIGN_IN))  # type: ignore[arg-type]
    assert "Accès de secours" in page
    assert "Adresse e-mail" in page
    right = enter(client, agent)
    unknown = client.post(SIGN_IN, {"identifier": "personne@mese.example", "password": PASSWORD})
    assert text_of(right).count("incorrect") == text_of(unknown).count("incorrect") == 1  # type: ignore[arg-type]
    for _ in range(5):
        enter(client, agent)
    come_in_as(agent, there, client)  # a stranger's guesses keep nobody out of the directory's way in
    assert is_signed_in(client)
    with pytest.raises(agents.ArrivesByDirectory):
        agents.invite(email="nouveau@mese.example", role="conseiller")
    mails()
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(rescue)
    assert Entry.objects.filter(event=Event.BREAK_GLASS_USED, subject=rescue.subject).count() == 1
    assert {mail.to for mail in mails() if "secours" in mail.subject} >= {other.email}
    assert "the break-glass account signed in" in caplog.text


@any_database
def test_a_passkey_alone_opens_nothing_either_where_the_directory_is_the_only_way(
    client: Client, there: TestProvider, settings: Any
) -> None:
    agent = make_agent()
    key, _browser = passkey_of(agent)
    use(settings, passwords=False, break_glass="secours@mutuelle.example")
    answer = client.post(OPTIONS, {"credential": key.signed(sign_in_options(client)), "door": "agents"})
    assert answer.headers["Location"] == SIGN_IN
    assert not is_signed_in(client)
    use(settings, passwords=True)
    client.post(OPTIONS, {"credential": key.signed(sign_in_options(client)), "door": "agents"})
    assert is_signed_in(client)


@any_database
def test_an_agent_with_the_directory_alone_proves_themselves_there_again(
    client: Client, there: TestProvider
) -> None:
    come_in(client, there)
    add = reverse("mfa_activate_totp")
    assert client.get(add).status_code == 200
    with time_machine.travel(time.time() + 400):
        answer = client.get(add)
        assert answer.headers["Location"] == f"{DOOR}?encore=1"
        asked = client.get(answer.headers["Location"]).headers["Location"]
        assert "prompt=login" in asked
        there.wrong = Wrongs(
            claims=lambda said: said | {"iat": int(time.time()), "exp": int(time.time()) + 60}
        )
        assert client.get(back(there.let_in(asked, "nadia"))).headers["Location"] == DESK
        assert client.get(add).status_code == 200


def test_a_lock_holds_on_this_path_too_and_an_administrateur_ends_it(
    client: Client, there: TestProvider
) -> None:
    come_in(client, there)
    agent, by = Account.objects.get(), make_agent(Role.ADMINISTRATOR)
    lock.lock_until_reset(account=agent)
    stranger = Client()
    assert "bloqué" in text_of(come_in(stranger, there))
    assert not is_signed_in(stranger)
    SignInCounter.objects.update(locked_at=timezone.now())
    agents.end_lock(agent=agent, by=by, reason=WHY)
    assert come_in(stranger, there).headers["Location"] == DESK


def test_one_session_at_a_time_and_a_mail_for_a_new_device(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    come_in(client, there)
    assert mails() == []
    other = Client()
    come_in(other, there)
    assert (is_signed_in(client), is_signed_in(other)) == (False, True)
    assert len(mails()) == 1
    other.post(reverse("accounts:sign_out"))
    come_in(other, there)
    assert mails() == []


def test_signing_out_there_ends_the_sessions_here(client: Client, there: TestProvider) -> None:
    with_sid = NADIA | {"sid": "session-1"}
    there.say_of("nadia", **with_sid)
    come_in(client, there)
    assert (
        Client().post(END, {"logout_token": there.logout_token(sid="session-2", sub="nadia")}).status_code
        == 200
    )
    assert is_signed_in(client)
    token = there.logout_token(sid="session-1")
    assert Client(enforce_csrf_checks=True).post(END, {"logout_token": token}).status_code == 200
    assert not is_signed_in(client)
    assert client.get(DESK).headers["Location"] == f"{SIGN_IN}?fin=annuaire"
    assert Client().post(END, {"logout_token": token}).status_code == 400  # once
    # a sign-in of that session which was under way goes no further
    assert come_in(client, there).headers["Location"] == SIGN_IN
    assert not is_signed_in(client)
    there.say_of("nadia", **NADIA)
    come_in(client, there)
    assert is_signed_in(client)
    assert Client().post(END, {"logout_token": there.logout_token(sub="nadia")}).status_code == 200
    assert not is_signed_in(client)
    ended = Entry.objects.filter(event=Event.SESSIONS_ENDED, actor="directory")
    assert [entry.details for entry in ended] == [{"count": 1}] * 2


@any_database
def test_a_logout_token_that_is_wrong_ends_nothing(client: Client, there: TestProvider) -> None:
    come_in(client, there)
    for token in (
        "",
        "eyJ.x.y",
        there.logout_token(sub="nadia", sign="none"),
        there.logout_token(sub="nadia", sign="public key as a secret"),
        there.logout_token(sub="nadia", sign="strangers"),
        there.logout_token(sub="nadia", aud="another"),
        there.logout_token(sub="nadia", iss="https://elsewhere.example"),
        there.logout_token(sub="nadia", nonce="n"),
        there.logout_token(sub="nadia", events={}),
        there.logout_token(sub="nadia", events=[]),
        there.logout_token(sub="nadia", without="jti"),
        there.logout_token(sub="nadia", iat=int(time.time()) - 3600),
        there.logout_token(),
        there.logout_token(sub="nadia", exp=int(time.time()) - 120),
    ):
        assert Client().post(END, {"logout_token": token}).status_code == 400
    assert is_signed_in(client)


@any_database
def test_who_signed_out_here_may_sign_out_there(client: Client, there: TestProvider) -> None:
    come_in(client, there)
    left = client.post(reverse("accounts:sign_out"))
    assert "pas de l’annuaire" in text_of(client.get(left.headers["Location"]))  # type: ignore[arg-type]
    answer = client.get(reverse("accounts:directory_leave"))
    assert answer.headers["Location"].startswith(f"{there.issuer}/oauth2/end_session?client_id={CLIENT_ID}&")
    provider.forget_all()
    there.wrong = Wrongs(discovery={"end_session_endpoint": None})
    assert client.get(reverse("accounts:directory_leave")).headers["Location"] == SIGN_IN
