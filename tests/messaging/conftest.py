import pytest
from django.test import Client

from adherents.members.models import Member
from tests.desk.conftest import agent, clamd, desk, member, newcomer, objects_folder, running_clamd, words  # noqa: F401
from tests.vault.conftest import browser_of, own_clamd  # noqa: F401
from tests.vault.test_allowance import bounds  # noqa: F401


@pytest.fixture
def at_home(member: Member) -> Client:  # noqa: F811
    """The member's browser."""
    return browser_of(member)
