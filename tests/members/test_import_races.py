"""Imports against each other, and against a member who signs in at the same moment, on a real PostgreSQL."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client as Browser

from adherents.accounts.models import Account
from adherents.members.models import Member
from adherents.members.services.import_files import RegisterChangedMeanwhile, Report, import_files
from tests.accounts.steps import sign_in
from tests.accounts.test_races import at_once
from tests.cast import CAMILLE, EVE
from tests.factories import open_account
from tests.members.importing import CAST, run
from tests.members.member_file import line_of, write

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
HOME = "/adherent/documents/"
NEWCOMER = replace(EVE, number=CAMILLE.number, nir13="1680175056001", birth_name="Besson", usage_name="",
                   first_names="Luc", birth_date="1968-01-30", email="luc@example.org")  # fmt: skip


def test_two_imports_at_once_give_a_number_once(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    path = write(tmp_path / "new.csv", [line_of(NEWCOMER), *CAST[1:]])

    def give() -> Report:
        return import_files(members=path, apply=True, new_persons=[CAMILLE.number])

    results = at_once([give] * 4, threads=4)
    assert any(isinstance(result, Report) for result in results)
    assert all(isinstance(result, Report | RegisterChangedMeanwhile) for result in results)
    assert Member.objects.filter(former_number=CAMILLE.number).count() == 1
    assert Member.objects.get(number=CAMILLE.number).birth_name == "Besson"


def test_a_line_never_lands_on_the_person_who_got_the_number_meanwhile(tmp_path: Path) -> None:
    """One import changes Camille, another gives her number away: whichever is second is done again, never mixed."""
    run(tmp_path, CAST)
    changed = write(tmp_path / "c.csv", [line_of(CAMILLE, telephone="0476605636"), *CAST[1:]])
    given = write(tmp_path / "g.csv", [line_of(NEWCOMER), *CAST[1:]])
    at_once(
        [
            lambda: import_files(members=changed, apply=True),
            lambda: import_files(members=given, apply=True, new_persons=[CAMILLE.number]),
        ]
    )
    holder = Member.objects.get(number=CAMILLE.number)
    assert (holder.birth_name, holder.email) in {("Dupont", CAMILLE.email), ("Besson", NEWCOMER.email)}
    assert not (holder.birth_name == "Besson" and holder.phone)


def test_a_member_who_signs_in_while_the_number_is_given_away_is_out_afterwards(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    open_account(CAMILLE)
    path = write(tmp_path / "new.csv", [line_of(NEWCOMER), *CAST[1:]])
    browsers = [Browser() for _ in range(6)]

    def sign_in_with(browser: Browser) -> object:
        return sign_in(browser, CAMILLE.number)

    def give() -> Report:
        return import_files(members=path, apply=True, new_persons=[CAMILLE.number])

    acts = [*(lambda browser=browser: sign_in_with(browser) for browser in browsers), give]
    results = at_once(acts, threads=len(acts))  # type: ignore[arg-type]
    assert isinstance(results[-1], Report)
    assert Account.objects.get(member__former_number=CAMILLE.number).closed_at is not None
    for browser in browsers:
        assert browser.get(HOME).status_code == 302
