"""A member and their account."""

from collections.abc import Callable

import pytest

from adherents.accounts.models import Account
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.selectors import find
from adherents.members.services.accounts import NotAnAddress, attach_account, change_email
from tests.cast import CAMILLE
from tests.conftest import Mail
from tests.factories import add_to_register

pytestmark = pytest.mark.django_db


@pytest.fixture
def camille() -> Member:
    return add_to_register(CAMILLE)


def test_an_account_is_opened_with_the_register_s_facts_and_no_password(camille: Member) -> None:
    account = attach_account(member=camille)
    assert (account.identifier, account.email, account.birth_date) == (
        CAMILLE.number,
        CAMILLE.email,
        CAMILLE.birth_date,
    )
    assert not account.has_usable_password()
    assert camille.account == account
    assert Member.objects.get().account == account


def test_attaching_twice_gives_the_same_account(camille: Member) -> None:
    assert attach_account(member=camille) == attach_account(member=Member.objects.get())
    assert Account.objects.count() == 1


def test_the_language_that_the_member_chose_stands(camille: Member) -> None:
    attach_account(member=camille)
    Account.objects.update(language="en")
    assert attach_account(member=Member.objects.select_related("account").get()).language == "en"


@pytest.mark.rule("G10")
def test_an_agent_changes_the_address_and_the_old_and_the_new_one_are_told(
    camille: Member, mails: Callable[[], list[Mail]]
) -> None:
    attach_account(member=camille)
    change_email(member=camille, email=" New.Address@example.org ", actor="agent:1", reason="appel")
    stored = Member.objects.select_related("account").get()
    assert stored.account
    assert stored.email == stored.account.email == "New.Address@example.org"
    assert len(find("new.add@")) == 0
    assert len(find("new.address@")) == 1
    assert {mail.to for mail in mails()} == {CAMILLE.email, "New.Address@example.org"}
    entry = Entry.objects.about(stored.subject).get()
    assert (entry.event, entry.actor, entry.details) == (
        "account.email_changed",
        "agent:1",
        {"reason": "appel"},
    )


@pytest.mark.rule("G10")
def test_a_member_without_account_gets_an_address_too(camille: Member) -> None:
    change_email(member=camille, email="new@example.org", actor="agent:1", reason="courrier")
    assert Member.objects.get().email == "new@example.org"


@pytest.mark.parametrize("typed", ["", "camille", "a b@example.org"])
def test_what_is_no_address_is_refused(camille: Member, typed: str) -> None:
    with pytest.raises(NotAnAddress):
        change_email(member=camille, email=typed, actor="agent:1", reason="appel")
    assert Member.objects.get().email == CAMILLE.email
