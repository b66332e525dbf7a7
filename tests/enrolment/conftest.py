"""An account, and a real OpenID provider that a profile names as FranceConnect."""

from typing import Any

import pytest

from adherents.accounts.models import Account
from adherents.insurer.franceconnect import FranceConnect
from tests.cast import CAMILLE
from tests.enrolment.franceconnect import told
from tests.factories import open_account
from tests.openid_provider import CLIENT_ID, SECRET, TestProvider, provider_in_order, running_provider  # noqa: F401


@pytest.fixture
def camille(db: None) -> Account:
    return open_account(CAMILLE)


@pytest.fixture
def there(provider_in_order: TestProvider, settings: Any) -> TestProvider:  # noqa: F811
    """The provider, doing everything right; the profile names it."""
    provider_in_order.say_of("camille", **told(CAMILLE))
    settings.ADHERENTS_FRANCECONNECT_SECRET = SECRET
    known = FranceConnect(issuer=provider_in_order.issuer, client_id=CLIENT_ID)
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"franceconnect": known})
    return provider_in_order
