"""Which programs may call: their keys, tokens, networks and rates; what the journal and the logs say of it."""

import io
import json
import logging
from base64 import b64encode
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from time_machine import travel

from adherents.accounts.limits import RateLimited
from adherents.accounts.models import Account, Role
from adherents.api import decorators
from adherents.api.models import ApiKey, StoredAnswer
from adherents.api.scopes import Scope
from adherents.api.services import clients
from adherents.journal.models import Entry
from tests.agents import make_agent, signed_in
from tests.api.systems import BASE, System, code_of, post_form
from tests.database_contents import everything_stored

pytestmark = pytest.mark.django_db


def created(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("create_client", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_key_alone_and_keeps_only_a_sealed_hash() -> None:
    out, err = created("coeur", "--scopes", "documents:read,events:read")
    key = out.rstrip("\n")
    assert "\n" not in key
    assert "documents:read" in err
    assert key not in err
    answer = Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {key}"})
    assert answer.json() == {"items": [], "next": None}
    secret = key.split("_", 2)[2]
    assert secret.encode() not in everything_stored()
    assert clients.hash_key(secret).encode() not in everything_stored()


@pytest.mark.any_database
@pytest.mark.parametrize(
    "arguments",
    [
        ("coeur", "--scopes", "documents:erase"),
        ("Coeur de gestion", "--scopes", "events:read"),
        ("coeur", "--scopes", ""),
        ("coeur", "--scopes", "events:read", "--networks", "chez-nous"),
        ("coeur", "--scopes", "events:read", "--days", "0"),
        ("coeur", "--scopes", "events:read", "--days", "99999999999"),
        ("coeur", "--scopes", "events:read", "--calls", "99999999999"),
    ],
)
def test_a_client_that_is_not_well_said_is_refused_in_words(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        created(*arguments)
    assert not Account.objects.filter(role=Role.CLIENT).exists()


def test_a_name_is_given_once() -> None:
    System()
    with pytest.raises(CommandError, match="there already: no key"):
        created("coeur", "--scopes", "events:read")
    with pytest.raises(CommandError, match="--scopes names none"):
        created("autre", "--scopes", " , ")


def test_two_keys_are_live_at_once_and_the_ended_one_opens_nothing() -> None:
    system = System()
    second = clients.rotate_key(client=system.client, actor="agent:1")
    with pytest.raises(clients.TooManyKeys):
        clients.rotate_key(client=system.client, actor="agent:1")
    first, system.credential = system.key, second
    assert system.get("documents").status_code == 200
    token = system.token().json()["access_token"]
    clients.end_key(client=system.client, key_id=first.split("_")[1], actor="agent:1")
    assert system.get("documents").status_code == 200
    for dead in (first, token):  # the token was given for the first key
        system.credential = dead
        assert code_of(system.get("documents")) == "not-authenticated"
    assert clients.rotate_key(client=system.client, actor="agent:1")


def test_a_key_ends_by_itself_and_a_token_after_ten_minutes() -> None:
    system = System(key_days=30)
    token = system.token().json()
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 600
    with travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=False):
        system.credential = token["access_token"]
        assert code_of(system.get("documents")) == "not-authenticated"
        system.credential = system.key
        assert system.get("documents").status_code == 200
    with travel(timezone.now() + timedelta(days=30, seconds=1), tick=False):
        assert code_of(system.get("documents")) == "not-authenticated"
        assert system.token().json()["error"] == "invalid_client"


def test_a_suspended_client_and_its_tokens_open_nothing_until_it_is_let_in_again() -> None:
    system = System()
    token = system.token().json()["access_token"]
    clients.suspend(client=system.client, actor="agent:1", reason="essai")
    for credential in (system.key, token):
        system.credential = credential
        assert code_of(system.get("documents")) == "not-authenticated"
    with pytest.raises(clients.AlreadySuspended):
        clients.suspend(client=system.client, actor="agent:1", reason="essai")
    clients.resume(client=system.client, actor="agent:1", reason="essai")
    assert system.get("documents").status_code == 200


@pytest.mark.any_database
def test_a_token_is_asked_for_as_oauth_says() -> None:
    system = System(scopes=[Scope.DOCUMENTS_READ, Scope.EVENTS_READ])
    assert system.token(scope="events:read").json()["scope"] == "events:read"
    system.credential = system.token(scope="events:read").json()["access_token"]
    refused = system.get("documents")
    assert code_of(refused) == "missing-scope"
    assert 'scope="documents:read"' in refused.headers["WWW-Authenticate"]
    basic = "Basic " + b64encode(f"coeur:{system.key}".encode()).decode()
    assert post_form("token", {"grant_type": "client_credentials"}, Authorization=basic).status_code == 200
    for wrong, error in (
        ({"scope": "members:read"}, "invalid_scope"),
        ({"scope": "tout"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ):
        answer = system.token(**wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    for stranger in ({"client_secret": "adh_0_0"}, {"client_id": "autre"}, {"client_secret": ""}):
        answer = system.token(**stranger)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_is_never_kept_and_each_call_gets_its_own() -> None:
    system = System()
    form = {"grant_type": "client_credentials", "client_id": "coeur", "client_secret": system.key}
    answers = [post_form("token", form, **{"Idempotency-Key": "k1"}) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["access_token"] for answer in answers}) == 2
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert not StoredAnswer.objects.exists()
    operation = Client().get(f"{BASE}openapi.json").json()["paths"]["/api/v1/token"]["post"]
    assert "Idempotency-Key" not in json.dumps(operation["parameters"])


@pytest.mark.any_database
@pytest.mark.parametrize(
    "credential",
    ["", "Bearer", "Bearer x", "Bearer adh_", "Bearer adh_00_é", "Bearer adt_AAAA", "Basic eDp5"],
)
def test_what_is_no_key_opens_nothing(credential: str) -> None:
    System()
    answer = Client().get(f"{BASE}documents", headers={"Authorization": credential} if credential else {})
    assert code_of(answer) == "not-authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.any_database
def test_a_client_calls_from_its_networks_only(settings: Any) -> None:
    system = System(networks=["192.0.2.0/24", "2001:db8::/32"])
    assert system.get("documents", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert system.get("documents", REMOTE_ADDR="::ffff:192.0.2.7").status_code == 200
    assert system.get("documents", REMOTE_ADDR="2001:db8::1").status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.1", "headers": {"X-Forwarded-For": "192.0.2.7"}}
    assert code_of(system.get("documents", **dict(elsewhere))) == "wrong-network"
    settings.ADHERENTS_PROXIES = 1  # the address is what the proxy saw
    assert system.get("documents", **dict(elsewhere)).status_code == 200
    assert code_of(system.get("documents", REMOTE_ADDR="pas une adresse")) == "wrong-network"


def test_each_client_has_a_rate_of_its_own() -> None:
    system, other = System(calls_a_minute=3), System("autre")
    assert [system.get("documents").status_code for _ in range(3)] == [200, 200, 200]
    refused = system.get("documents")
    assert code_of(refused) == "too-many-requests"
    assert int(refused.headers["Retry-After"]) == 60
    assert other.get("documents").status_code == 200


def test_keys_that_open_nothing_are_counted_by_address() -> None:
    client = Client()
    for _ in range(600):
        last = client.get(f"{BASE}documents", headers={"Authorization": "Bearer adh_0_0"})
    assert last.status_code == 401
    assert code_of(client.get(f"{BASE}documents")) == "too-many-requests"
    assert System().get("documents").status_code == 200  # who has a key is not shut out


def test_every_call_is_in_the_journal_under_the_clients_name_and_the_last_use_is_noted() -> None:
    system = System()
    system.get("documents?member=70100001")
    system.get("documents/00000000-0000-4000-8000-000000000000")
    lines = Entry.objects.filter(event="client.called").order_by("sequence")
    assert [(line.actor, line.details["route"], line.details["status"]) for line in lines] == [
        (system.client.subject, "documents.list", 200),
        (system.client.subject, "documents.read", 404),
    ]
    assert "70100001" not in json.dumps([line.details for line in lines])
    assert system.row.last_used_at is not None
    assert ApiKey.objects.get().last_used_at is not None


def test_what_a_client_tries_and_may_not_do_is_in_the_journal_too(settings: Any) -> None:
    system = System(scopes=[Scope.EVENTS_READ])
    away = System("dehors", networks=["192.0.2.0/24"])
    assert code_of(system.get("documents")) == "missing-scope"
    assert code_of(away.get("documents")) == "wrong-network"
    assert away.token().status_code == 403
    lines = Entry.objects.filter(event="client.called").order_by("sequence")
    assert [(line.actor, line.details["route"], line.details["status"]) for line in lines] == [
        (system.client.subject, "documents.list", 403),
        (away.client.subject, "documents.list", 403),
        (away.client.subject, "token", 403),
    ]


def test_a_key_that_is_tried_from_elsewhere_is_counted_by_address() -> None:
    away = System("dehors", networks=["192.0.2.0/24"])
    with mock.patch.object(decorators, "hit", side_effect=RateLimited("key")):
        assert code_of(away.get("documents")) == "too-many-requests"
    assert not Entry.objects.filter(event="client.called").exists()


def test_keys_and_tokens_are_in_no_log_and_no_journal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    system = System(networks=["192.0.2.0/24"])
    token = system.token().json().get("access_token", "")  # from another network: none
    system.get("documents")
    here = System("autre")
    token = here.token().json()["access_token"]
    here.credential = token
    here.get("documents")
    here.get("documents?cursor=faux")
    here.credential = token + "x"
    here.get("documents")
    secrets = [system.key.split("_", 2)[2], here.key.split("_", 2)[2], token[4:]]
    written = json.dumps([vars(record) for record in caplog.records], default=str)
    written += json.dumps([entry.details for entry in Entry.objects.all()])
    assert "documents.list" in written
    assert not [secret for secret in secrets if secret in written]


@pytest.mark.any_database
def test_a_client_signs_in_nowhere() -> None:
    system = System()
    for door in ("/adherent/connexion/", "/gestion/connexion/"):
        for identifier in ("client:coeur", "CLIENT:COEUR", "coeur"):
            Client().post(door, {"identifier": identifier, "password": system.key})
    assert not Entry.objects.filter(event="account.signed_in").exists()
    account = system.client.account
    assert not account.is_agent
    assert account not in Account.objects.agents()
    assert not account.has_usable_password()


def test_the_administrateur_lets_a_system_in_changes_its_key_and_suspends_it() -> None:
    agent = make_agent(Role.ADMINISTRATOR)
    browser = signed_in(agent)
    form = {
        "name": "coeur",
        "scopes": ["documents:read"],
        "networks": "",
        "calls_a_minute": "60",
        "key_days": "30",
    }
    page = browser.post("/gestion/systemes/nouveau/", form)
    key = page.context["key"]
    assert key in page.content.decode()
    row = ApiKey.objects.get().client
    assert key not in browser.get(f"/gestion/systemes/{row.pk}/").content.decode()
    assert Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    for wrong in ({"name": "coeur"}, {"name": "Été"}, {"scopes": []}, {"networks": "ici"}):
        again = browser.post("/gestion/systemes/nouveau/", form | {"name": "deux"} | wrong)
        assert again.context["form"].errors
    second = browser.post(f"/gestion/systemes/{row.pk}/cle/").context["key"]
    assert browser.post(f"/gestion/systemes/{row.pk}/cle/").status_code == 302  # two are live
    browser.post(f"/gestion/systemes/{row.pk}/cle/retrait/", {"key": key.split("_")[1]})
    assert Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    browser.post(f"/gestion/systemes/{row.pk}/suspension/", {"reason": "changement de prestataire"})
    assert Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {second}"}).status_code == 401
    again = browser.post(
        f"/gestion/systemes/{row.pk}/suspension/", {"reason": "moi aussi"}
    )  # a page of before
    assert again.context["form"].errors
    assert Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {second}"}).status_code == 401
    browser.post(f"/gestion/systemes/{row.pk}/retablissement/", {"reason": "tout est revenu"})
    assert Client().get(f"{BASE}documents", headers={"Authorization": f"Bearer {second}"}).status_code == 200
    for address in ("/gestion/systemes/", f"/gestion/systemes/{row.pk}/"):
        shown = browser.get(address).content.decode()
        assert "coeur" in shown
        assert "lire les fiches des documents" in shown
        assert "documents:read" not in shown
    events = Entry.objects.filter(subject=row.subject, actor=agent.actor).order_by("sequence")
    assert list(events.values_list("event", flat=True)) == [
        "client.created",
        "client.key_made",
        "client.key_made",
        "client.key_ended",
        "client.suspended",
        "client.resumed",
    ]
