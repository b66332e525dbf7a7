"""What is written differently from the insurer's file and means the same is understood."""

import pytest
from django.test import Client

from tests.accounts.steps import (
    Mails,
    text_of,
)
from tests.cast import (
    ANGE,
    CAMILLE,
    EVE,
    JEAN_FRANCOIS,
    KARIM,
)
from tests.enrolment.test_first_connection import PAGE, claim, recipients

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G8"), pytest.mark.usefixtures("register")]


def test_a_day_that_the_file_does_not_know_may_be_any_or_none(mails: Mails) -> None:
    """As behind a link (G7): 00/00/1962 on file."""
    for day, month in (("00", "00"), ("11", "02"), ("31", "12")):
        claim(KARIM, birth_date_day=day, birth_date_month=month)
        assert recipients(mails) == [KARIM.email]
    claim(KARIM, birth_date_day="11", birth_date_month="02", birth_date_year="1963")
    claim(CAMILLE, birth_date_day="00")
    assert mails() == []


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}code/"])
def test_the_page_says_what_to_write_for_an_unknown_day(client: Client, page: str) -> None:
    assert "inconnu de l’état civil : écrivez 00" in text_of(client.get(page))  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["Val-de-Marne", "094", "94 – Val-de-Marne", "val de marne", "９４"])
@pytest.mark.one_on_postgresql
def test_a_departement_by_its_name_is_understood(mails: Mails, typed: str) -> None:
    claim(JEAN_FRANCOIS, department=typed)
    assert recipients(mails) == [JEAN_FRANCOIS.email]


def test_a_departement_in_small_letters_is_understood(mails: Mails) -> None:
    claim(ANGE, department="2a")
    assert recipients(mails) == [ANGE.email]


@pytest.mark.parametrize(
    "typed", ["Mme Hoarau", "Hoarau née Payet", "Payet ép. Hoarau", "Mme Hoarau née Payet"]
)
@pytest.mark.one_on_postgresql
def test_a_name_with_what_is_written_around_it_is_understood(mails: Mails, typed: str) -> None:
    claim(EVE, name=typed, first_name="Mme Marie Ève")
    assert recipients(mails) == [EVE.email]


@pytest.mark.parametrize(
    "typed",
    [
        "2\u200b54\u00a003\u202f38–185—042 {key}",
        "２５４０３３８１８５０４２{key}",
        "2.54.03.38.185.042.{key}",
    ],
)
@pytest.mark.one_on_postgresql
def test_a_nir_pasted_with_what_is_not_seen_is_the_number(mails: Mails, typed: str) -> None:
    claim(CAMILLE, nir=typed.format(key=CAMILLE.nir[13:]))
    assert recipients(mails) == [CAMILLE.email]
