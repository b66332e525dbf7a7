"""A change of address, when several things happen to it at once, on a real PostgreSQL."""

from datetime import timedelta

import pytest

from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account, SignInCounter
from adherents.accounts.services import closing
from adherents.accounts.services.access_link import DeadLink, make_link
from adherents.accounts.tokens import hash_token
from adherents.enrolment.models import AddressToConfirm
from adherents.enrolment.services import confirming, taking_back
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.members.services.accounts import change_email
from tests.at_once import at_once, kinds
from tests.cast import CAMILLE
from tests.factories import open_account

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ROUNDS = 5
AGENT = "agent@example.org"


def waiting(address: str) -> str:
    """The token of a link that confirms this address."""
    member = Member.objects.select_related("account").get()
    token = make_link(account=member.account, purpose="address", validity=timedelta(hours=2))
    link = AccessLink.objects.get(token_hash=hash_token(token))
    AddressToConfirm.objects.create(member=member, address=address, instead_of=member.email, link=link)
    return token


def confirm(token: str) -> object:
    return confirming.confirm(token=token, client=Client())


def addresses() -> set[str]:
    return {Member.objects.get().email, Account.objects.get().email}


def sent(name: str) -> int:
    return OutboxMail.objects.filter(name=name).count()


def test_confirmed_twenty_times_at_once_it_changes_once() -> None:
    open_account(CAMILLE)
    token = waiting("nouvelle@example.org")
    outcomes = kinds(at_once([lambda: confirm(token)] * 20))
    assert outcomes == {"Member": 1, "DeadLink": 19}
    assert addresses() == {"nouvelle@example.org"}
    assert sent("enrolment/address_changed") == sent("accounts/own_email_changed") == 1
    assert Entry.objects.filter(event=Event.EMAIL_CHANGED, subject__startswith="account").count() == 1
    assert not list(broken_chains())


def test_of_two_addresses_confirmed_at_once_one_counts() -> None:
    open_account(CAMILLE)
    for _ in range(ROUNDS):
        first, other = waiting("une@example.net"), waiting("deux@example.net")
        outcomes = kinds(at_once([lambda first=first: confirm(first), lambda other=other: confirm(other)]))
        assert outcomes == {"Member": 1, "DeadLink": 1}
        assert len(addresses()) == 1
        Member.objects.update(email=CAMILLE.email)
        Account.objects.update(email=CAMILLE.email)


def test_an_agent_s_change_at_the_same_moment_is_never_undone() -> None:
    open_account(CAMILLE)
    for _ in range(ROUNDS):
        token, member = waiting("nouvelle@example.org"), Member.objects.get()
        at_once(
            [
                lambda token=token: confirm(token),
                lambda member=member: change_email(
                    member=member, email=AGENT, actor="agent:1", reason="appel"
                ),
            ]
        )
        assert addresses() == {AGENT}
        assert not AccessLink.objects.live().exists()
        Member.objects.update(email=CAMILLE.email)
        Account.objects.update(email=CAMILLE.email)


def test_closed_at_the_same_moment_a_report_is_dead_or_was_first() -> None:
    account = open_account(CAMILLE)
    for _ in range(ROUNDS):
        confirm(waiting("nouvelle@example.org"))
        token = _report_token()
        at_once(
            [
                lambda token=token: taking_back.take_back(token=token, birth_date=CAMILLE.birth_date),
                lambda: closing.close(account=account, actor="agent:1", reason="appel"),
            ]
        )
        assert Account.objects.get().closed_at is not None
        assert not AccessLink.objects.live().exists()
        assert len(addresses()) == 1
        closing.reopen(account=account, actor="agent:1", reason="appel")
        SignInCounter.objects.update(
            locked_at=None
        )  # a report that was first had locked it, until a new password
        Member.objects.update(email=CAMILLE.email)
        Account.objects.update(email=CAMILLE.email)


def test_taken_back_twenty_times_at_once_it_is_taken_back_once() -> None:
    open_account(CAMILLE)
    confirm(waiting("nouvelle@example.org"))
    token = _report_token()
    take = lambda: taking_back.take_back(token=token, birth_date=CAMILLE.birth_date)  # noqa: E731
    assert kinds(at_once([take] * 20))["Account"] == 1
    assert sent("enrolment/address_put_back") == sent("enrolment/address_withdrawn") == 1
    assert addresses() == {CAMILLE.email}


@pytest.mark.rule("G7")
def test_a_hundred_birth_dates_at_once_are_five() -> None:
    """An attempt is counted before its date is looked at: with five counted, the right one opens nothing."""
    open_account(CAMILLE)
    confirm(waiting("nouvelle@example.org"))
    token = _report_token()
    wrong = [f"19{year:02d}-03-05" for year in range(100) if year != 54]

    def take(born: str) -> object:
        return taking_back.take_back(token=token, birth_date=born)

    results = kinds(at_once([lambda born=born: take(born) for born in wrong]))
    assert (results["WrongBirthDate"], results["DeadLink"]) == (5, 94)
    token = _report_token()
    # The moment between the count of the fifth and the death of the link.
    AccessLink.objects.filter(token_hash=hash_token(token)).update(birth_date_failures=5, killed_at=None)
    with pytest.raises(DeadLink):
        take(CAMILLE.birth_date)
    assert addresses() == {"nouvelle@example.org"}


def _report_token() -> str:
    """A token that the newest report opens with, in place of the one that was mailed."""
    token = AccessLink.new_token()
    newest = AddressToConfirm.objects.exclude(report=None).latest("pk")
    AccessLink.objects.filter(pk=newest.report_id).update(token_hash=hash_token(token))
    return token
