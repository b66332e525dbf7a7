"""An address that an agent or the member gave, and the file that goes on naming another one (G10)."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from adherents.accounts.models import Account
from adherents.accounts.services.email import change_own_email
from adherents.members.intake import addresses
from adherents.members.models import FormerAddress, Member
from adherents.members.services.accounts import attach_account, change_email, write_address
from adherents.members.services.import_files import import_files
from tests.cast import CAMILLE
from tests.members.doors import DOORS
from tests.members.member_file import line_of, write

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]
OLD, NEW, NEWS = CAMILLE.email, "nouvelle@example.org", "du-fichier@example.org"
Import = Callable[..., None]


@pytest.fixture(params=DOORS)
def file_says(request: pytest.FixtureRequest, tmp_path: Path) -> Import:
    """Let the insurer say that Camille has this address (and this telephone: another line all the same), by each door."""

    def say(address: str, **other: str) -> None:
        _outcome, refused = request.param(tmp_path, line_of(CAMILLE, email=address, **other))
        assert not refused

    say(OLD)
    attach_account(member=Member.objects.get(number=CAMILLE.number))
    return say


def by_an_agent(member: Member, address: str) -> None:
    change_email(member=member, email=address, actor="agent:1", reason="appel")


def by_the_member(member: Member, address: str) -> None:
    with transaction.atomic():
        account = Account.objects.select_for_update().get(member=member)
        write_address(member=member, address=address, actor=account.subject)
        change_own_email(account=account, email=address)


WHO = pytest.mark.parametrize("give", [by_an_agent, by_the_member])


def camille() -> Member:
    return Member.objects.get(number=CAMILLE.number)


def address() -> str:
    [address] = {camille().email, Account.objects.get(identifier=CAMILLE.number).email}
    return address


@WHO
def test_a_file_that_goes_on_naming_the_old_address_undoes_nothing(file_says: Import, give: Any) -> None:
    give(camille(), NEW)
    file_says(OLD)
    file_says(OLD, telephone="0476605636")
    Member.objects.update(row_digest=b"")  # every line is read anew, as after a rotation
    file_says(OLD)
    assert address() == NEW
    assert camille().file_says_another_address


@WHO
@pytest.mark.parametrize(
    "nights", [["", OLD], [OLD.upper()], [""], [NEW, OLD], [NEW, "", NEW, OLD.title(), ""]]
)
def test_a_file_that_alternates_between_addresses_it_had_undoes_nothing(
    file_says: Import, give: Any, nights: list[str]
) -> None:
    give(camille(), NEW)
    for night in nights:
        file_says(night)
        assert address() == NEW, night


@WHO
def test_an_address_that_the_register_never_had_is_news(file_says: Import, give: Any) -> None:
    give(camille(), NEW)
    file_says(NEWS)
    assert address() == NEWS
    assert not camille().file_says_another_address
    file_says(OLD)  # the file leads again
    assert address() == OLD


@WHO
def test_an_address_that_the_file_had_long_ago_is_no_news(file_says: Import, give: Any) -> None:
    file_says(NEWS)
    file_says("troisieme@example.org")
    give(camille(), NEW)
    for night in (NEWS, OLD, "troisieme@example.org", NEWS):
        file_says(night)
        assert address() == NEW, night


def test_an_address_given_here_and_replaced_here_does_not_come_back_by_the_file(file_says: Import) -> None:
    """The core system learns late of what an agent corrected, after the member has changed it again."""
    by_an_agent(camille(), "corrigee@example.org")
    by_the_member(camille(), NEW)
    file_says("corrigee@example.org")
    assert address() == NEW


def test_where_nothing_was_given_here_the_file_leads_as_before(file_says: Import) -> None:
    for night in (NEWS, OLD, "", NEWS):
        file_says(night)
        assert address() == night


def test_a_failing_address_given_here_stays_failing_whatever_old_one_the_file_names(
    file_says: Import,
) -> None:
    by_the_member(camille(), NEW)
    Member.objects.filter(number=CAMILLE.number).update(email_bounced_at="2026-11-01T00:00:00Z")
    file_says("")
    file_says(OLD)
    assert camille().email_bounced_at is not None
    file_says(NEWS)
    assert camille().email_bounced_at is None


def test_many_changes_are_read_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_AT_ONCE", 3)

    def file(domain: str) -> list[dict[str, str]]:
        return [line_of(CAMILLE, numero_adherent=f"7{n:04d}", email=f"a{n}@{domain}") for n in range(10)]

    def say(domain: str) -> None:
        import_files(members=write(tmp_path / "members.csv", file(domain)), apply=True)

    say("un.example")
    for member in Member.objects.filter(number__in=["70001", "70005", "70009"]):
        by_an_agent(member, f"{member.number}@example.org")
    say("deux.example")
    say("un.example")
    chosen = set(Member.objects.filter(email__endswith="un.example").values_list("number", flat=True))
    assert len(chosen) == 10  # deux.example was news to everybody, and so the file leads again
    for member in Member.objects.filter(number__in=["70001", "70005", "70009"]):
        by_an_agent(member, f"{member.number}@example.org")
    say("deux.example")
    assert Member.objects.filter(email__endswith="deux.example").count() == 7


def test_what_is_remembered_is_sealed_once_and_follows_the_master_key(
    file_says: Import, settings: Any
) -> None:
    for night in (NEWS, OLD, NEWS, OLD):
        file_says(night)
    assert sorted(row.address for row in FormerAddress.objects.all()) == sorted([OLD, NEWS])
    old, new = settings.ADHERENTS_MASTER_KEYS[0], b"n" * 32
    settings.ADHERENTS_MASTER_KEYS = [new, old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.ADHERENTS_MASTER_KEYS = [new]
    by_the_member(camille(), NEW)
    file_says(NEWS)
    assert address() == NEW
