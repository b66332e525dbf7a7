"""Everything that a directory could say wrong, and one that says nothing."""

import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.openid import calls, provider
from adherents.config.connecting import directory as connecting
from tests.accounts.directory.steps import DESK, DOOR, END, RETURN, go, refused_why, use
from tests.accounts.steps import is_signed_in, text_of
from tests.agents import SIGN_IN, make_agent, signed_in
from tests.config.asking import wrong
from tests.openid_provider import CLIENT_ID, SECRET, TestProvider, Wrongs, back, silent_server

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
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


@any_database
def test_where_the_profile_names_no_directory_there_is_none(client: Client) -> None:
    for name in ("directory", "directory_return", "directory_leave"):
        assert client.get(reverse(f"accounts:{name}")).status_code == 404
    assert client.post(END).status_code == 404
    assert "annuaire" not in text_of(client.get(SIGN_IN))  # type: ignore[arg-type]
