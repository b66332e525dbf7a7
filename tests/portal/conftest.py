"""What the portal's tests share: Camille signed in, and her pages in words."""

import pytest

from adherents.accounts.models import Account
from adherents.members.models import Member
from tests.cast import CAMILLE
from tests.factories import open_account
from tests.portal.test_public_pages import words_of
from tests.vault.conftest import objects_folder  # noqa: F401


@pytest.fixture
def account(client, db) -> Account:
    """Camille's, signed in."""
    account = open_account(CAMILLE)
    client.force_login(account)
    return account


@pytest.fixture
def member(account) -> Member:
    return Member.objects.get(account=account)


@pytest.fixture
def read(client):
    def words(address: str) -> str:
        response = client.get(address)
        assert response.status_code == 200
        return words_of(response.text)

    return words
