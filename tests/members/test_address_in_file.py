"""An address that the insurer's file changes: links mailed to the old one die, both are told, once per real change (G10)."""

from datetime import timedelta
from pathlib import Path

import pytest

from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.services.access_link import make_link
from adherents.demo import invented
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from adherents.members.models import Member
from adherents.members.services.accounts import attach_account, change_email
from adherents.members.services.import_files import import_files
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, NO_MAIL
from tests.members.importing import CAST, run
from tests.members.member_file import Line, line_of

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]


@pytest.fixture(autouse=True)
def register(tmp_path: Path) -> None:
    """The cast; Camille and Odette have an account."""
    run(tmp_path, CAST)
    for member in Member.objects.filter(number__in=[CAMILLE.number, NO_MAIL.number]):
        attach_account(member=member)


def with_address(number: str, email: str, **others: str) -> list[Line]:
    return [line | {"email": email} | others if line["numero_adherent"] == number else line for line in CAST]


def account_of(number: str) -> Account:
    return Account.objects.get(identifier=number)


def told() -> list[tuple[str, str]]:
    return sorted(
        (mail.name.rpartition("/")[2], mail.recipient)
        for mail in OutboxMail.objects.filter(name__startswith="accounts/email_in_file")
    )


def links_of(account: Account) -> dict[str, str]:
    """A token of each kind that may be on its way."""
    return {
        purpose: make_link(account=account, purpose=purpose, validity=timedelta(hours=2))
        for purpose in (Purpose.RESET, Purpose.FIRST_CONNECTION, Purpose.STRANGER)
    }


def opens(token: str) -> bool:
    return AccessLink.objects.opened_by(token) is not None


def test_links_to_the_old_address_die_and_both_addresses_are_told_once(tmp_path: Path) -> None:
    links = links_of(account_of(CAMILLE.number))
    for _ in range(2):
        run(tmp_path, with_address(CAMILLE.number, "other@example.org"))
        assert told() == [("email_in_file_new", "other@example.org"), ("email_in_file_old", CAMILLE.email)]
    assert account_of(CAMILLE.number).email == "other@example.org"
    assert [purpose for purpose, token in links.items() if opens(token)] == [Purpose.STRANGER]
    changed = Entry.objects.filter(subject=account_of(CAMILLE.number).subject, event="account.email_changed")
    assert [entry.details for entry in changed] == [{"by": "register"}]


@pytest.mark.parametrize("email", [CAMILLE.email, CAMILLE.email.upper(), "Camille@Example.org"])
def test_letter_case_makes_no_other_address(tmp_path: Path, email: str) -> None:
    links = links_of(account_of(CAMILLE.number))
    run(tmp_path, with_address(CAMILLE.number, email, telephone="0476605636"))
    assert told() == []
    assert all(opens(token) for token in links.values())
    assert account_of(CAMILLE.number).email == Member.objects.get(number=CAMILLE.number).email == email


def test_letter_case_in_the_file_does_not_undo_an_agents_correction(tmp_path: Path) -> None:
    camille = Member.objects.get(number=CAMILLE.number)
    change_email(member=camille, email="right@example.org", actor="agent:1", reason="appel")
    run(tmp_path, with_address(CAMILLE.number, CAMILLE.email.upper()))
    assert account_of(CAMILLE.number).email == "right@example.org"
    assert told() == []
    # The file comes to the same address: nothing changes for the account.
    run(tmp_path, with_address(CAMILLE.number, "right@example.org"))
    assert told() == []


def test_a_first_address_is_told_to_itself_only(tmp_path: Path) -> None:
    run(tmp_path, with_address(NO_MAIL.number, "odette@example.org"))
    assert told() == [("email_in_file_new", "odette@example.org")]


def test_an_address_that_is_taken_away_is_told_so_and_its_links_die(tmp_path: Path) -> None:
    links = links_of(account_of(CAMILLE.number))
    run(tmp_path, with_address(CAMILLE.number, ""))
    assert told() == [("email_in_file_old", CAMILLE.email)]
    assert not opens(links[Purpose.RESET])
    text = render("accounts/email_in_file_old", language="fr", context={"replaced": False})[1]
    assert "ne donne plus d’adresse" in text


def test_members_without_an_account_are_told_nothing(tmp_path: Path) -> None:
    run(tmp_path, with_address(EVE.number, "eve2@example.org"))
    assert told() == []
    assert Member.objects.get(number=EVE.number).email == "eve2@example.org"


def test_a_first_import_and_a_change_of_another_fact_tell_nobody(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    invented.write_member_file(path, invented.members(300))
    import_files(members=path, apply=True, allow_gone=100, expect_rows=300)
    run(
        tmp_path,
        with_address(JEAN_FRANCOIS.number, JEAN_FRANCOIS.email, langue="en"),
        allow_gone=100,
        expect_rows=9,
    )
    assert told() == []


def test_a_refused_line_and_a_change_of_person_tell_nobody_of_an_address(tmp_path: Path) -> None:
    other = line_of(EVE, numero_adherent=CAMILLE.number, nir="", email="thief@example.org")
    run(tmp_path, [other, *CAST[1:]])
    assert told() == []
    assert account_of(CAMILLE.number).email == CAMILLE.email
