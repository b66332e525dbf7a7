"""Two changes at once to the second factors of one account: a button pressed twice, two tabs. On a real PostgreSQL."""

from collections import Counter

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client as Browser

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from tests.accounts.security_key import SecurityKey, options_on
from tests.accounts.test_second_factor import ADD_APP, CODES, DESK, INDEX, secret_shown, shown_codes, words
from tests.agents import code_of, enter, make_agent, signed_in
from tests.at_once import at_once

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ADD_KEY = "/compte/securite/cles/ajouter/"
REMOVE_APP = "/compte/securite/application/retirer/"
NEW_CODES = "/compte/securite/codes-de-secours/nouveaux/"
Post = tuple[str, dict[str, str]]


def tab_of(browser: Browser) -> Browser:
    """The same browser's cookies, for a request beside its others."""
    tab = Browser(raise_request_exception=False)
    tab.cookies.update(browser.cookies)
    return tab


def posted(browser: Browser, *posts: Post) -> list[tuple[int, str]]:
    """All of them at once; the status of each and where it leads."""
    answers = at_once([lambda post=post: tab_of(browser).post(*post) for post in posts])  # type: ignore[misc]
    return [(answer.status_code, getattr(answer, "url", "")) for answer in answers]  # type: ignore[attr-defined]


def factors(account: Account) -> Counter[str]:
    return Counter(Authenticator.objects.filter(user=account).values_list("type", flat=True))


def with_app_and_key() -> tuple[Account, Browser, str]:
    """An agent with an app and a passkey; where the passkey is removed."""
    agent = make_agent()
    browser = signed_in(agent)
    answer = browser.post(ADD_KEY, {"credential": SecurityKey().made(options_on(browser.get(ADD_KEY)))})
    assert answer.status_code == 302, words(answer)
    key = Authenticator.objects.get(user=agent, type="webauthn")
    return agent, browser, f"/compte/securite/cles/{key.pk}/retirer/"


def test_an_app_that_is_added_twice_at_once_is_added_once_and_the_list_says_so() -> None:
    agent, browser = make_agent(), Browser()
    enter(browser, agent)
    code = code_of(secret_shown(browser.get(ADD_APP).content.decode()))
    answers = posted(browser, *[(ADD_APP, {"code": code})] * 6)
    assert Counter(answers) == {(302, CODES): 1, (302, INDEX): 5}
    assert factors(agent) == {"totp": 1, "recovery_codes": 1}
    assert Entry.objects.filter(event=Event.SECOND_FACTOR_ADDED).count() == 1
    assert OutboxMail.objects.filter(name="accounts/second_factor_added").count() == 1
    assert "Votre application d’authentification est enregistrée." in words(browser.get(INDEX))
    assert len(shown_codes(browser)) == 10
    assert browser.get(DESK).status_code == 200, "the session that added it has given it"


def test_an_app_that_is_removed_twice_at_once_is_told_once() -> None:
    _agent, browser, _key = with_app_and_key()
    answers = posted(browser, *[(REMOVE_APP, {})] * 6)
    assert Counter(answers) == {(302, INDEX): 6}
    assert Entry.objects.filter(event=Event.SECOND_FACTOR_REMOVED).count() == 1
    assert OutboxMail.objects.filter(name="accounts/second_factor_removed").count() == 1


def test_an_agent_who_removes_both_factors_at_once_keeps_one() -> None:
    agent, browser, remove_key = with_app_and_key()
    answers = posted(browser, (REMOVE_APP, {}), (remove_key, {}))
    assert agent.has_second_factor
    assert sorted(status for status, _ in answers) == [200, 302], "the other is told on the page"


def test_new_recovery_codes_asked_for_twice_at_once_are_one_list() -> None:
    agent, browser, _key = with_app_and_key()
    answers = posted(browser, *[(NEW_CODES, {})] * 6)
    assert Counter(answers) == {(302, CODES): 6}
    assert factors(agent)["recovery_codes"] == 1
