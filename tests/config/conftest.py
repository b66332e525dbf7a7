"""A member and an agent who are signed in, for all the tests of a module that hold every address to a rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from adherents.accounts.models import Account
from tests import shared
from tests.accounts.steps import sign_in
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, PASSWORD
from tests.factories import open_account


@dataclass(frozen=True)
class Here:
    """Who is signed in, since `at`."""

    member: Client
    agent: Client
    at: datetime


@pytest.fixture(scope="module")
def _here(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Here]:
    with shared.rows(django_db_blocker):
        open_account(CAMILLE)
        member = Client()
        sign_in(member, CAMILLE.number)
        member.post("/compte/securite/mot-de-passe/", {"password": PASSWORD})
        yield Here(member, signed_in(make_agent()), timezone.now())


@pytest.fixture
def here(_here: Here, db: None) -> Iterator[Here]:
    """They came just now, however long the other tests took."""
    with time_machine.travel(_here.at):
        yield _here


@pytest.fixture
def account(here: Here) -> Account:
    """The member's."""
    return Account.objects.get(identifier=CAMILLE.number)


@pytest.fixture
def member(here: Here) -> Client:
    """A member who gave the password just now, so that no page asks for it again."""
    return shared.again(here.member)


@pytest.fixture
def agent(here: Here) -> Client:
    return shared.again(here.agent)
