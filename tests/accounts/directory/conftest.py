"""A real OpenID provider, and a profile that names it."""

from typing import Any

import pytest

from tests.accounts.directory.steps import NADIA, use
from tests.openid_provider import SECRET, TestProvider, provider_in_order, running_provider  # noqa: F401


@pytest.fixture
def there(provider_in_order: TestProvider, settings: Any) -> TestProvider:  # noqa: F811
    """The provider, doing everything right; the profile names it."""
    provider_in_order.say_of("nadia", **NADIA)
    settings.ADHERENTS_AGENTS_OIDC_SECRET = SECRET
    use(settings, issuer=provider_in_order.issuer)
    return provider_in_order
