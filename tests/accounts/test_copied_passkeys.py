"""A passkey that counts its signatures: a count that does not move on is a copy's, and is refused."""

from collections.abc import Callable

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.passkeys import EVERYBODY, OPENING, USES, member, passkey_of, stand_at
from tests.accounts.security_key import OPTIONS, SecurityKey, sign_in_options
from tests.accounts.steps import is_signed_in
from tests.at_once import at_once

# What decides is a count; of the six answers at once, PostgreSQL has its own.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_signatures_with_one_count_at_once_one_opens() -> None:
    account = member()
    key, _ = passkey_of(account)
    browsers = [Client() for _ in range(6)]
    signed, before = [], key.counter
    for browser in browsers:
        key.counter = before
        signed.append(key.signed(sign_in_options(browser)))
    at_once(
        [lambda b=b, s=s: b.post(OPTIONS, {"credential": s}) for b, s in zip(browsers, signed, strict=True)]
    )  # type: ignore[misc]
    assert [is_signed_in(browser) for browser in browsers].count(True) == 1
    assert Entry.objects.filter(event=Event.PASSKEY_COPIED).count() == 5


@EVERYBODY
@pytest.mark.parametrize("behind", [0, 1, 3])
@pytest.mark.parametrize("use", OPENING)
def test_a_count_that_does_not_move_on_is_refused_and_journalled(
    make: Callable[[], Account], use: str, behind: int
) -> None:
    account = make()
    key, client = passkey_of(account, SecurityKey(counter=10))
    for _ in range(2):
        browser = stand_at("sign_in", account, client)
        browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
        assert is_signed_in(browser)
    last = key.counter
    key.counter = last - behind - 1  # `signed` counts one more
    browser = stand_at(use, account, client if not account.is_agent else browser)
    answer = USES[use].answer(browser, key.signed(USES[use].ask(browser)))
    assert not USES[use].opened(browser, answer)
    entry = Entry.objects.chain(account.subject).filter(event=Event.PASSKEY_COPIED).get()
    assert entry.details == {"counter": last - behind, "last": last}
    key.counter = last
    browser = Client()
    browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
    assert is_signed_in(browser)


def test_a_copy_made_as_the_key_was_added_is_refused_too() -> None:
    account = member()
    key, _ = passkey_of(account, SecurityKey(counter=4))
    key.counter = 0
    browser = Client()
    browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
    assert not is_signed_in(browser)


def test_the_owner_reads_in_plain_words_that_a_key_seems_copied() -> None:
    account = member()
    key, client = passkey_of(account, SecurityKey(counter=4))
    key.counter = 0
    browser = Client()
    browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
    page = client.get("/adherent/donnees-personnelles/historique/").content.decode()
    assert "elle semble avoir été copiée" in page


def test_a_key_that_counts_nothing_opens_each_time() -> None:
    account = member()
    key, _ = passkey_of(account, SecurityKey(counts=False))
    for _ in range(3):
        browser = Client()
        browser.post(OPTIONS, {"credential": key.signed(sign_in_options(browser))})
        assert is_signed_in(browser)
