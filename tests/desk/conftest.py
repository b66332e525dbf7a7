"""What the desk's tests share: an agent at work, a member in the register, and pages as plain words."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE
from tests.factories import add_to_register, open_account
from tests.vault.conftest import clamd, deposited, objects_folder, pdf, running_clamd  # noqa: F401


@pytest.fixture
def agent(db: None) -> Account:
    return make_agent()


@pytest.fixture
def desk(agent: Account) -> Client:
    """A browser in which the adviser has signed in."""
    return signed_in(agent)


@pytest.fixture
def member(db: None) -> Member:
    """Camille, with an account."""
    return Member.objects.select_related("account").get(account=open_account(CAMILLE))


@pytest.fixture
def newcomer(db: None) -> Member:
    """Camille as a line of the register only."""
    return add_to_register(CAMILLE)


@pytest.fixture
def words() -> Callable[[Any], str]:
    def of(response: Any) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())

    return of
