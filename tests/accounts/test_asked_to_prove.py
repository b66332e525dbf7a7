"""A person who must prove their identity again comes back to the page, and nothing of their request is kept."""

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adherents.accounts.browser import DEVICE_COOKIE
from adherents.accounts.models import Session
from tests.accounts.steps import sign_in
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, PASSWORD
from tests.database_contents import everything_stored
from tests.factories import open_account

pytestmark = pytest.mark.django_db
PROTECTED = [
    "/compte/securite/application/",
    "/compte/securite/application/retirer/",
    "/compte/securite/cles/ajouter/",
    "/compte/securite/cles/1/nom/",
    "/compte/securite/cles/1/retirer/",
    "/compte/securite/codes-de-secours/",
    "/compte/securite/codes-de-secours/nouveaux/",
    "/adherent/donnees-personnelles/connexions/autres/",
    "/adherent/donnees-personnelles/connexions/0123456789abcdef/",
]
WORDS = "mots-tapes-dans-la-page"


def member() -> Client:
    open_account(CAMILLE)
    client = Client()
    sign_in(client, CAMILLE.number)
    return client


def agent() -> Client:
    return signed_in(make_agent())


def kept() -> str:
    """All that the database holds, what sessions hold in clear."""
    sessions = json.dumps([row.get_decoded() for row in Session.objects.all()], default=str)
    return sessions + everything_stored().decode(errors="replace")


@pytest.mark.parametrize("page", PROTECTED)
@pytest.mark.parametrize("who", [member, agent])
@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.one_on_postgresql
def test_neither_cookies_nor_words_nor_anything_of_size_is_kept_of_what_waits(
    who: Callable[[], Client], page: str, method: str
) -> None:
    client = who()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        before = len(kept())
        tokens = [client.cookies[name].value for name in ("session", DEVICE_COOKIE)]
        assert all(len(secret) >= 32 for secret in tokens)
        typed = {"words": WORDS, "name": WORDS, "code": "123456", "large": secrets.token_urlsafe(150_000)}
        getattr(client, method)(page, typed if method == "post" else {})
        stored = kept()
    assert not [secret for secret in tokens if secret in stored]
    assert WORDS not in stored
    assert abs(len(stored) - before) < 300


@pytest.mark.parametrize("method", ["get", "post"])
def test_they_come_back_to_the_page(method: str) -> None:
    client = member()
    page = "/adherent/donnees-personnelles/connexions/autres/"
    asked: Any = getattr(client, method)(page)
    assert asked.url == f"/compte/securite/mot-de-passe/?next={page.replace('/', '%2F')}"
    answer: Any = client.post(asked.url, {"password": PASSWORD})
    assert answer.url == page
    assert client.get(page).status_code == 200
