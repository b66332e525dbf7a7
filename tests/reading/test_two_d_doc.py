"""What a 2D-Doc says: every example of the specification, and what is made to look like one."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from adherents.reading.codes.two_d_doc import CannotParse, TwoDDoc, is_meant, parse
from tests.reading.invented_codes import SIGNED_ON, genuine

pytestmark = pytest.mark.any_database
# The examples of the specification (3.1.3, chapter 15), as the tests of `tddoc` keep them (MIT).
EXAMPLES: dict[str, str] = json.loads((Path(__file__).parent / "spec_2ddoc.json").read_text())


def values(doc: TwoDDoc) -> dict[str, str]:
    assert doc.fields is not None
    return {one.code: one.value for one in doc.fields}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_specification_is_read_to_its_end(name: str) -> None:
    doc = parse(EXAMPLES[name].encode())
    assert (doc.authority, doc.certificate) == ("FR00", "0001")
    assert doc.signed_on is not None
    assert doc.paper
    said = values(doc)
    assert said
    # Put together again, the values are all that was signed but for dates: nothing was passed over.
    data = EXAMPLES[name].partition("\x1f")[0]
    assert all(code in data for code in said)
    assert all(value in data for code, value in said.items() if not value[:4].isdecimal() or "-" not in value)


def test_an_example_of_each_version_says_what_the_specification_says() -> None:
    bill = parse(EXAMPLES["3.1.3/15.2.3/02"].encode())
    assert bill.paper == "Justificatif de domicile (Facture)"
    assert bill.signed_on == date(2012, 11, 12)
    assert values(bill) == {
        "26": "FR", "24": "75000", "10": "MME/SPECIMEN/NATACHA", "22": "145 AVENUE DES SPECIMENS"
    }  # fmt: skip
    account = values(parse(EXAMPLES["3.1.3/15.2.2/04"].encode()))
    assert account["31"] == "FR7030002005500000157845Z02"
    hunting = values(parse(EXAMPLES["3.1.3/15.2.1/03"].encode()))
    assert hunting["C3"] == "2020-03-02T14:00"


def test_a_customs_paper_whose_number_is_ended_by_letters_is_told_apart() -> None:
    said = values(parse(EXAMPLES["3.1.3/15.2.1/08"].encode()))
    assert (said["DW"], said["DY"]) == ("FR345678901234567", "009")


def test_a_value_of_full_length_needs_no_separator_and_a_cut_one_is_told() -> None:
    doc = parse(genuine(f"46{'A' * 38}411234\x1d13DE LA TOUR D AUV\x1e"))
    assert doc.fields is not None
    assert [(one.code, one.value, one.was_cut) for one in doc.fields] == [
        ("46", "A" * 38, False), ("41", "1234", False), ("13", "DE LA TOUR D AUV", True)
    ]  # fmt: skip


def test_a_separator_behind_a_value_of_one_length_is_passed_over() -> None:
    assert values(parse(genuine("26FR\x1d2475000\x1d10M/DUPONT\x1d"))) == {
        "26": "FR",
        "24": "75000",
        "10": "M/DUPONT",
    }


def test_a_value_that_runs_into_the_next_one_gives_none_of_them() -> None:
    assert parse(genuine("46DUPONT CAMILLE4112345\x1d")).fields is None


def test_an_identifier_that_nobody_knows_gives_none_of_them() -> None:
    assert parse(genuine("46DUPONT CAMILLE\x1dZZ12\x1d")).fields is None


def test_the_day_on_which_a_tax_notice_was_issued_is_a_day() -> None:
    assert values(parse(genuine("4A31072025411234\x1d")))["4A"] == "2025-07-31"
    assert (
        values(parse(genuine("4A31022025411234\x1d")))["4A"] == "31022025"
    )  # none of the calendar: as it is signed


def test_what_follows_the_signature_is_not_signed_and_not_read() -> None:
    said = genuine()
    assert parse(said + b"\x1d46MARTIN PAUL\x1d") == parse(said)


@pytest.mark.parametrize(
    "said",
    [
        b"", b"https://example.org/DC04", b"DC", b"DC0", b"dc04FR980001", b"WIFI:S:home;;", b"1234567890128",
    ],
)  # fmt: skip
def test_other_codes_are_not_meant_as_2d_docs(said: bytes) -> None:
    assert not is_meant(said)


NOT_WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "its beginning": lambda said: said[:4], "a version to come": lambda said: b"DC05" + said[4:],
    "as bytes": lambda said: b"\xdc\x04" + bytes(60), "no signature": lambda said: said.partition(b"\x1f")[0],
    "a shorter one": lambda said: said[:-1], "a longer one": lambda said: said + b"A", "a filled one": lambda said: said + b"=",
    "small letters": lambda said: said.lower(), "bits left over": lambda said: said[:-1] + b"B",
    "a bell": lambda said: said.replace(b"DUPONT", b"DUP\x07NT"),
    "no ASCII": lambda said: said.replace(b"DUPONT", "DUPÉNT".encode()),
    "no perimeter": lambda said: said[:22] + b"XX" + said[24:], "no country": lambda said: said[:24] + b"1" + said[25:],
    "a value too short": lambda _: genuine("2475"),
}  # fmt: skip


@pytest.mark.parametrize("how", NOT_WHOLE)
def test_what_is_not_whole_is_refused(how: str) -> None:
    said = NOT_WHOLE[how](genuine())
    assert is_meant(said) or how == "small letters"
    with pytest.raises(CannotParse):
        parse(said)


def test_what_it_says_is_in_no_representation() -> None:
    doc = parse(genuine())
    assert doc.signed_on == SIGNED_ON
    assert "DUPONT" not in repr(doc) + repr(doc.fields)
