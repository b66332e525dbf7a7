"""Agents sign in by the insurer's directory: a real OpenID provider, and everything that it could say wrong."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.directory import services as directory
from adherents.accounts.directory.person import DirectoryPerson
from adherents.accounts.models import Account, DirectoryIdentity, Role, Session, SignInCounter
from adherents.accounts.openid import calls, provider
from adherents.accounts.services import agents, lock
from adherents.config.connecting import directory as connecting
from adherents.insurer.directory import Directory, RoleFromClaim, TeamFromClaim
from adherents.insurer.values import Words
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.security_key import OPTIONS, sign_in_options
from tests.accounts.steps import is_signed_in, text_of
from tests.accounts.test_passkeys import passkey_of
from tests.accounts.test_races import at_once
from tests.agents import SIGN_IN, STEP, add_totp, code_of, enter, make_agent, signed_in
from tests.cast import PASSWORD
from tests.config.asking import wrong
from tests.conftest import Mail
from tests.openid_provider import CLIENT_ID, SECRET, TestProvider, Wrongs, back, running, silent_server

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Mails = Callable[[], list[Mail]]
DOOR, RETURN, END = (
    "/gestion/connexion/annuaire/",
    "/gestion/connexion/annuaire/retour/",
    "/gestion/connexion/annuaire/fin/",
)
DESK, PROTECT = "/gestion/", "/compte/securite/"
NADIA = {
    "email": "nadia.k@mutuelle.example",
    "name": "Nadia Kessler",
    "preferred_username": "nkessler",
    "groups": ["vpn", "adherents-conseillers", "equipe-optique"],
    "amr": ["pwd", "mfa"],
    "acr": "fort",
}
WHY = "vu avec elle au téléphone"


@pytest.fixture(scope="module")
def running_provider() -> Iterator[TestProvider]:
    with running() as there:
        yield there


@pytest.fixture
def there(running_provider: TestProvider, settings: Any) -> TestProvider:
    """The provider, doing everything right; the profile names it."""
    running_provider.wrong = Wrongs()
    running_provider.asked.clear()
    running_provider.say_of("nadia", **NADIA)
    settings.ADHERENTS_AGENTS_OIDC_SECRET = SECRET
    settings.BASE_URL = "http://testserver"
    use(settings, issuer=running_provider.issuer)
    provider.forget_all()
    calls.forget_failures()
    return running_provider


def use(settings: Any, **changes: Any) -> Directory:
    """The profile's table, changed."""
    known = settings.ADHERENTS_PROFILE.agents.oidc or Directory(
        name=Words(fr="l’annuaire", en="the directory"),
        issuer="http://localhost:1",
        client_id=CLIENT_ID,
        role_claim="groups",
        roles=(
            RoleFromClaim(value="adherents-administrateurs", role="administrateur"),
            RoleFromClaim(value="adherents-conseillers", role="conseiller"),
        ),
        team_claim="groups",
        teams=(TeamFromClaim(value="equipe-optique", team="Optique"),),
    )
    known = known.model_copy(update=changes)
    agents_table = settings.ADHERENTS_PROFILE.agents.model_copy(update={"oidc": known})
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"agents": agents_table})
    return known


def go(client: Client, there: TestProvider, sub: str = "nadia", **asked: str) -> str:
    """Press the button, sign in over there. Returns the address that leads back, not followed yet."""
    answer = client.get(DOOR, asked)
    assert answer.status_code == 302, text_of(answer)  # type: ignore[arg-type]
    return there.let_in(answer.headers["Location"], sub)


def come_in(client: Client, there: TestProvider, sub: str = "nadia") -> HttpResponse:
    return client.get(back(go(client, there, sub)))  # type: ignore[return-value]


def refused_why() -> list[str]:
    return [
        entry.details["why"] for entry in Entry.objects.filter(event=Event.DIRECTORY_REFUSED).order_by("pk")
    ]


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


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another nonce": ({"claims": lambda said: said | {"nonce": "another"}}, "nonce"),
    "no nonce": ({"claims": lambda said: {k: v for k, v in said.items() if k != "nonce"}}, "nonce"),
    "another audience": ({"claims": lambda said: said | {"aud": "another"}}, "audience"),
    "several audiences, for another": (
        {"claims": lambda said: said | {"aud": [CLIENT_ID, "another"], "azp": "another"}},
        "audience",
    ),
    "several audiences, for nobody": (
        {"claims": lambda said: said | {"aud": [CLIENT_ID, "another"]}},
        "audience",
    ),
    "another issuer": ({"claims": lambda said: said | {"iss": "https://elsewhere.example"}}, "issuer"),
    "a weak acr": ({"claims": lambda said: said | {"acr": "faible"}}, "acr"),
    "no acr": ({"claims": lambda said: {k: v for k, v in said.items() if k != "acr"}}, "acr"),
    "expired": ({"claims": lambda said: said | {"exp": int(time.time()) - 120}}, "expired"),
    "no end": ({"claims": lambda said: {k: v for k, v in said.items() if k != "exp"}}, "token"),
    "nobody": ({"claims": lambda said: said | {"sub": ""}}, "token"),
    "from tomorrow": ({"claims": lambda said: said | {"iat": int(time.time()) + 86400}}, "token"),
    "a logout token": ({"claims": lambda said: said | {"events": {}}}, "token"),
    "alg none": ({"sign": "none"}, "algorithm"),
    "the public key as a secret": ({"sign": "public key as a secret"}, "algorithm"),
    "a stranger's key": ({"sign": "strangers"}, "signature"),
    "a key of no known name": ({"sign": "unknown kid"}, "signature"),
    "no PKCE": ({"forgets_verifier": True}, "code"),
    "a secret that it does not take": ({"refuses_secret": True}, "misconfigured"),
}


@any_database
@pytest.mark.parametrize("answer_is", WRONG)
def test_an_answer_that_is_wrong_is_refused_in_words_and_makes_nobody(
    client: Client, there: TestProvider, settings: Any, answer_is: str, caplog: pytest.LogCaptureFixture
) -> None:
    use(settings, acr_values=("fort", "très fort"))
    changes, why = WRONG[answer_is]
    address = go(client, there)
    there.wrong = Wrongs(**changes)
    answer = client.get(back(address))
    assert answer.status_code == (503 if why == "misconfigured" else 400)
    assert "La connexion n’a pas abouti" in text_of(answer)  # type: ignore[arg-type]
    assert refused_why() == [why]
    assert not Account.objects.exists()
    assert not is_signed_in(client)
    assert "eyJ" not in caplog.text
    assert SECRET not in caplog.text


@any_database
def test_an_answer_is_of_this_browser_and_of_one_use(client: Client, there: TestProvider) -> None:
    address = back(go(client, there))
    assert Client().get(address).status_code == 400  # another browser: it used nothing up
    carried = client.cookies["annuaire"].value
    assert client.get(address).headers["Location"] == DESK
    client.logout()
    client.cookies["annuaire"] = carried
    assert client.get(address).status_code == 400  # the same state again, with its cookie
    replayed = back(go(client, there), code=address.split("code=")[1].split("&")[0])
    assert client.get(replayed).status_code == 400  # a code that was used, with a fresh state
    assert client.get(f"{RETURN}?state=").status_code == 400
    assert client.get(back(go(client, there), iss="https://elsewhere.example")).status_code == 400
    assert refused_why() == ["state", "state", "code", "state", "issuer"]
    assert Account.objects.count() == 1
    assert not is_signed_in(client)


@any_database
def test_two_tabs_each_have_their_own_trip_and_an_old_one_has_ended(
    client: Client, there: TestProvider
) -> None:
    first, second = go(client, there), go(client, there)
    assert client.get(back(first)).headers["Location"] == DESK
    assert client.get(back(second)).headers["Location"] == DESK
    third = go(client, there, encore="1")
    with time_machine.travel(time.time() + 16 * 60):
        assert client.get(back(third)).status_code == 400
    assert refused_why() == ["state"]


@any_database
def test_what_is_asked_of_the_directory(client: Client, there: TestProvider, settings: Any) -> None:
    use(settings, acr_values=("fort",))
    there.wrong = Wrongs(discovery={"claims_parameter_supported": True})
    asked = client.get(DOOR).headers["Location"]
    for part in (
        "response_type=code",
        "code_challenge_method=S256",
        "acr_values=fort",
        "scope=openid+profile+email",
        "redirect_uri=http%3A%2F%2Ftestserver%2Fgestion%2Fconnexion%2Fannuaire%2Fretour%2F",
        "%22amr%22",
    ):
        assert part in asked
    denied = there.let_in(client.get(DOOR).headers["Location"], "nadia", action="deny")
    state = client.get(DOOR).headers["Location"].split("state=")[1].split("&")[0]
    assert "abandonnée" in text_of(client.get(back(denied, state=state)))  # type: ignore[arg-type]
    assert refused_why() == ["cancelled"]


@any_database
@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "http://localhost:1"},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
)
def test_a_directory_that_says_strange_things_of_itself_is_not_used(
    client: Client, there: TestProvider, discovery: dict[str, Any]
) -> None:
    there.wrong = Wrongs(discovery=discovery)
    answer = client.get(DOOR)
    assert answer.status_code == 503
    assert "un réglage" in text_of(answer)  # type: ignore[arg-type]
    assert refused_why() == ["misconfigured"]


@any_database
def test_a_dead_or_slow_directory_holds_nobody_and_passwords_still_open(
    client: Client, there: TestProvider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "ANSWERS_WITHIN", 0.3)
    with silent_server() as silent:
        use(settings, issuer=silent)
        began = time.monotonic()
        answer = client.get(DOOR)
        assert answer.status_code == 503
        assert "ne répond pas" in text_of(answer)  # type: ignore[arg-type]
        assert time.monotonic() - began < 3
        began = time.monotonic()
        assert client.get(DOOR).status_code == 503  # it is left alone for a moment
        assert time.monotonic() - began < 0.25
    use(settings, issuer="http://localhost:9")  # nothing listens there
    assert client.get(DOOR).status_code == 503
    assert client.get(SIGN_IN).status_code == 200
    signed_in(make_agent(), client)
    assert client.get(DESK).status_code == 200


@any_database
def test_keys_that_turn_are_asked_for_again_and_not_for_every_token(there: TestProvider) -> None:
    now = [1000.0]
    known = provider.Provider(there.issuer, clock=lambda: now[0])
    assert len(known.keys_for(there.jwk.get("kid"), "RS256")) == 1
    for _ in range(20):
        assert known.keys_for("unknown", "RS256") == []
    assert there.asked.count("/jwks") == 1
    now[0] += 61
    for _ in range(20):
        assert known.keys_for("unknown", "RS256") == []
    assert there.asked.count("/jwks") == 2
    now[0] += 3601
    known.keys_for(there.jwk.get("kid"), "RS256")
    assert (there.asked.count("/jwks"), there.asked.count("/.well-known/openid-configuration")) == (3, 2)


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


@any_database
def test_the_check_of_the_installation_asks_the_directory(there: TestProvider, settings: Any) -> None:
    use(settings, break_glass="secours@mutuelle.example")
    assert wrong(connecting.look()) == [
        "break_glass names secours@mutuelle.example, and no administrateur who has signed in has this address."
    ]
    Account.objects.filter(pk=make_agent(Role.ADMINISTRATOR, address="secours@mutuelle.example").pk).update(
        last_sign_in_at=timezone.now()
    )
    assert wrong(connecting.look()) == []
    settings.ADHERENTS_AGENTS_OIDC_SECRET = ""
    assert wrong(connecting.look()) == ["The portal has no secret to prove itself with."]
    provider.forget_all()
    there.wrong = Wrongs(discovery={"id_token_signing_alg_values_supported": ["HS256"]})
    assert wrong(connecting.look()) == ["It signs with nothing that is believed here."]
    use(settings, issuer="http://localhost:9")
    [words] = wrong(connecting.look())
    assert words.startswith("http://localhost:9: away")


def come_in_as(agent: Account, there: TestProvider, client: Client) -> HttpResponse:
    """As an agent who was linked before."""
    there.say_of("linked", **NADIA | {"email": "", "groups": ["adherents-conseillers"]})
    DirectoryIdentity.objects.create(
        account=agent, issuer=there.issuer, sub="linked", linked_at="2026-01-01T00:00Z"
    )
    return come_in(client, there, "linked")


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


@any_database
def test_where_the_profile_names_no_directory_there_is_none(client: Client) -> None:
    for name in ("directory", "directory_return", "directory_leave"):
        assert client.get(reverse(f"accounts:{name}")).status_code == 404
    assert client.post(END).status_code == 404
    assert "annuaire" not in text_of(client.get(SIGN_IN))  # type: ignore[arg-type]


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
