"""What a RIB says: a value only with its proof, and of several accounts all or none."""

import pytest
from stress.reading_papers import LAYOUTS, invented_rib, other_paper, rib_paper, rights_paper

from adherents.reading.papers import read
from adherents.reading.people import people_in
from adherents.reading.text_layer.process import letter_pages
from tests.reading.sheets import (
    BIC,
    CAMILLE,
    CELLS,
    IBAN,
    OTHER_IBAN,
    OTHER_SPACED,
    SPACED,
    cells,
    cover,
    paper,
    said,
    say,
    sheet,
)  # fmt: skip

pytestmark = pytest.mark.any_database
VALUES = tuple(value for _, value in CELLS)


def test_a_rib_says_its_iban_its_bic_and_whose_it_is() -> None:
    content = sheet(
        say("Titulaire du compte : MME DUPONT CAMILLE", y=740), cells(*VALUES),
        say(f"IBAN : {SPACED}"), say(f"BIC : {BIC}", y=620),
    )  # fmt: skip
    read_paper = paper(content, CAMILLE)
    assert read_paper.kind == "rib"
    assert [(one.code, one.value, one.page) for one in read_paper.fields] == [
        ("iban", IBAN, 1), ("bic", BIC, 1), ("holder", "same", 1),
    ]  # fmt: skip
    assert read_paper.fields[0].proofs == ("drawn", "mod97", "rib_key", "bank_code", "cells")


@pytest.mark.parametrize("seed", range(len(LAYOUTS)))
def test_each_layout_is_read_whole(seed: int) -> None:
    invented = rib_paper(seed)
    people = people_in(
        ("numero_adherent;nir;nom_naissance;nom_usage;prenoms\n" + invented.owner.line).encode()
    )
    found = read(letter_pages(invented.content), people)
    assert {one.code: one.value for one in found.fields} == invented.truth
    assert found.kind == invented.kind


@pytest.mark.parametrize("seed", range(3))
def test_an_attestation_says_whose_it_is_and_its_days(seed: int) -> None:
    invented = rights_paper(seed)
    people = people_in(
        ("numero_adherent;nir;nom_naissance;nom_usage;prenoms\n" + invented.owner.line).encode()
    )
    found = read(letter_pages(invented.content), people)
    assert {one.code: one.value for one in found.fields} == invented.truth
    assert found.kind == invented.kind


@pytest.mark.parametrize("seed", range(8))
def test_the_account_on_another_paper_is_nobodys_answer(seed: int) -> None:
    assert paper(other_paper(seed).content).fields == ()


def test_two_accounts_are_both_given() -> None:
    found = said(sheet(say(f"IBAN : {SPACED}"), say(f"IBAN : {OTHER_SPACED}", y=600)))
    assert found["iban"] == f"{IBAN} {OTHER_IBAN}"


@pytest.mark.parametrize(
    "doubtful",
    [
        "FR76 3000 6000 0112 3456 7890 188",  # one digit
        "FR76 3000 6000 0121 3456 7890 189",  # two digits that changed places
        "FR76 3000 6000 O112 3456 7890 189",  # a letter for a digit
        "FR76 3000 6000 0112 3456 7890 18",  # cut
        "DE89 3704 0044 0532 0130 00",  # another country's: it has one key only
    ],
)
def test_one_account_that_does_not_prove_itself_makes_all_of_them_doubtful(doubtful: str) -> None:
    assert said(sheet(say(f"IBAN : {doubtful}", y=600))) == {}
    assert said(sheet(say(f"IBAN : {SPACED}"), say(f"IBAN : {doubtful}", y=600))) == {}


def test_the_two_keys_are_both_asked_for() -> None:
    """It passes mod 97, and its RIB key is another account's."""
    assert said(sheet(say("IBAN : FR25 2004 1010 0505 0001 3M02 607"))) == {}
    assert said(sheet(say("IBAN : FR14 2004 1010 0505 0001 3M02 607"))) == {}


@pytest.mark.parametrize("part", range(4))
def test_cells_that_say_another_account_give_none(part: int) -> None:
    values = list(VALUES)
    values[part] = values[part][:-1] + ("1" if values[part][-1] != "1" else "2")
    assert said(sheet(cells(*values), say(f"IBAN : {SPACED}"))) == {}


def test_cells_of_another_account_give_none_though_they_prove_themselves() -> None:
    assert said(sheet(cells("30006", "00001", "12345678901", "89"), say(f"IBAN : {SPACED}"))) == {}


def test_cells_that_cannot_be_read_give_none() -> None:
    assert said(sheet(cells(*VALUES), cover(680, height=14, x=150, width=60), say(f"IBAN : {SPACED}"))) == {}


def test_an_account_without_an_iban_is_not_put_together_from_its_cells() -> None:
    assert said(sheet(cells(*VALUES))) == {}


@pytest.mark.parametrize(
    "line",
    [
        "NOUVELLE",  # eight capitals that nothing calls a BIC
        "BIC : DEUTDEFF",  # of another country than the account
        "BIC : PSSTFRPP123456",
        "BIC : PSSTFRP",
    ],
)
def test_a_bic_that_is_none_or_of_another_country_is_not_given(line: str) -> None:
    assert said(sheet(say(f"IBAN : {SPACED}"), say(line, y=600))) == {"iban": IBAN}


def test_of_two_bics_none_is_given() -> None:
    assert said(sheet(say(f"IBAN : {SPACED}"), say(f"BIC : {BIC}", y=600), say("BIC : SOGEFRPP", y=580))) == {
        "iban": IBAN
    }


def test_the_holder_is_compared_and_never_typed() -> None:
    content = sheet(say("Titulaire : MME DUPONT CAMILLE", y=740), say(f"IBAN : {SPACED}"))
    assert "holder" not in said(content)
    assert said(content, CAMILLE)["holder"] == "same"


def test_two_holders_under_two_labels_are_not_compared() -> None:
    content = sheet(
        say("Titulaire : MME DUPONT CAMILLE", y=740),
        say("Titulaire : M. MARTIN PAUL", y=720),
        say(f"IBAN : {SPACED}"),
    )
    assert "holder" not in said(content, CAMILLE)


def test_a_name_without_a_label_counts_where_no_other_is_there() -> None:
    mine, others = say("MME CAMILLE DUPONT", y=740), say("M. PAUL MARTIN", y=720)
    assert said(sheet(mine, say(f"IBAN : {SPACED}")), CAMILLE)["holder"] == "same"
    assert "holder" not in said(sheet(mine, others, say(f"IBAN : {SPACED}")), CAMILLE)


def test_ten_thousand_ibans_on_a_page_give_none() -> None:
    import random

    chance = random.Random(1)
    draws = [
        say(invented_rib(chance).iban, x=10 + 60 * (at % 9), y=840 - at // 9 * 0.7, size=4)
        for at in range(10_000)
    ]
    assert said(sheet(*draws)) == {}


def test_a_list_of_accounts_is_nobodys_rib() -> None:
    import random

    chance = random.Random(2)
    draws = [say(f"IBAN {invented_rib(chance).spaced}", y=760 - at * 14) for at in range(8)]
    assert said(sheet(*draws)) == {}
