"""A real OpenID provider, and a profile that names it."""

from collections.abc import Iterator
from typing import Any

import pytest

from adherents.accounts.openid import calls, provider
from tests.accounts.directory.steps import NADIA, use
from tests.openid_provider import SECRET, TestProvider, Wrongs, running


@pytest.fixture(scope="package")
def running_provider() -> Iterator[TestProvider]:
    with running() as there:
        yield there


@pytest.fixture
def there(running_provider: TestProvider, settings: Any) -> TestProvider:
    """The provider, doing everything right; the profile names it."""
    running_provider.wrong = Wrongs()
    running_provider.asked.clear()
    running_provider.say_of("nadia", **NADIA)
    settings.ADHERENTS_AGENTS_OIDC_SECRET = SECRET
    settings.BASE_URL = "http://testserver"
    use(settings, issuer=running_provider.issuer)
    provider.forget_all()
    calls.forget_failures()
    return running_provider
