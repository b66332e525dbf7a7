"""Whatever anybody may send without signing in is bounded by a rate limit, or costs nothing: a new address makes one choose."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from adherents.insurer.facts import OpenRates

UUID = "00000000-0000-4000-8000-000000000000"
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LIMITED = {
    "/verifier/": "test_a_visitor_who_checks_too_often_is_asked_to_wait",
    "/adherent/": "test_signing_in_is_bounded_on_both_pages",
    "/gestion/connexion/": "test_signing_in_is_bounded_on_both_pages",
    "/adherent/mot-de-passe-oublie/": "test_five_requests_an_hour_for_a_number_and_the_sixth_waits_known_or_not",
    "/adherent/premiere-connexion/": "test_five_claims_an_hour_for_a_nir_known_or_not",
    "/adherent/premiere-connexion/code/": "test_guesses_are_bounded_by_address",
    "/adherent/premiere-connexion/code/mot-de-passe/": "test_pages_behind_a_link_are_bounded",
    "/adherent/authentication/mot-de-passe/": "test_pages_behind_a_link_are_bounded",
    "/adherent/authentication/adresse-changee/": "test_pages_behind_a_link_are_bounded",
    "/adherent/authentication/pas-moi/": "test_pages_behind_a_link_are_bounded",
    "/adherent/adresse/": "test_pages_behind_a_link_are_bounded",
    "/brouillon/jeton/": "test_the_token_of_now_is_given_so_often",
    "/api/v1/token": "test_keys_that_open_nothing_are_counted_by_address",
    "/brouillon/": "test_saving_too_often_is_refused_and_keeps_what_is_kept",
}
HARMLESS = {
    "/langue/": "sets a cookie",
    "/adherent/deconnexion/": "ends nothing where no one is signed in",
    "/galerie/": "not there in production",
    "/adherent/documents/envoyer/fichiers/": "refused by its first line; the account is asked before a byte is read",
    f"/adherent/documents/envoyer/fichiers/{UUID}/": "the same",
}
FILLED = {
    "str": "0" * 32,
    "uuid": UUID,
    "uuidstr": UUID,
    "any_case_uuid": UUID,
    "member_number": "1",
    "int": "1",
    "slug": "a",
    "path": "a",
}


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    for pattern in patterns:
        here = before + re.sub(
            r"<(?:(\w+):)?\w+>", lambda match: FILLED[match[1] or "str"], str(pattern.pattern)
        )
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"[\^$]|\\Z", "", here)


@pytest.fixture
def twice_an_hour(settings: Any) -> None:
    profile = settings.ADHERENTS_PROFILE
    strict = {
        name: type(rates).model_validate(dict.fromkeys(type(rates).model_fields, "2/hour"))
        for name, rates in profile.limits
        if isinstance(rates, OpenRates)
    }
    limits = profile.limits.model_copy(update=strict)
    settings.ADHERENTS_PROFILE = profile.model_copy(update={"limits": limits})


def sends_to_sign_in(path: str) -> bool:
    answer = Client().post(path)
    to = answer.headers.get("Location", "").split("?")[0]
    # 401: a program is asked who it is before anything else.
    return answer.status_code in {401, 404, 405} or to in {
        "/adherent/",
        "/compte/connexion/",
        "/gestion/connexion/",
    }


def test_each_address_that_takes_a_strangers_post_has_a_limit_or_costs_nothing() -> None:
    taken = {path for path in addresses(get_resolver().url_patterns) if not sends_to_sign_in(path)}
    assert taken == LIMITED.keys() | HARMLESS.keys()


def test_each_limit_is_shown_by_a_test_that_exists() -> None:
    written = "".join(file.read_text() for file in Path(__file__).parents[1].rglob("test_*.py"))
    assert not {test for test in LIMITED.values() if f"def {test}(" not in written}


@pytest.mark.parametrize("address", ["/adherent/", "/gestion/connexion/"])
def test_signing_in_is_bounded_on_both_pages(address: str, twice_an_hour: None) -> None:
    identifier = "12345678" if address == "/adherent/" else "vous@mutuelle.example"
    typed = {"identifier": identifier, "password": "une phrase quelconque"}
    statuses = [Client().post(address, typed).status_code for _ in range(3)]
    assert statuses[2] == 429
    assert 429 not in statuses[:2]


@pytest.mark.parametrize(
    "page", [path for path, test in LIMITED.items() if test == "test_pages_behind_a_link_are_bounded"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_behind_a_link_are_bounded(page: str, method: str, twice_an_hour: None) -> None:
    statuses = [getattr(Client(), method)(page).status_code for _ in range(3)]
    assert statuses[2] == 429
    assert 429 not in statuses[:2]


def test_signing_in_by_passkey_is_bounded_though_it_leads_back_to_signing_in(twice_an_hour: None) -> None:
    statuses = [Client().post("/compte/securite/cles/connexion/").status_code for _ in range(3)]
    assert statuses == [302, 302, 429]
