"""The short form of `python -m stress reading`: invented papers of each layout, none of whose values may be wrong."""

import dataclasses

import pytest
from stress.reading import faults, papers_read
from stress.reading_bills import bill
from stress.reading_papers import paper

from adherents.reading.papers import ReadField, ReadPaper

pytestmark = pytest.mark.any_database


def test_no_value_of_invented_papers_is_wrong_and_all_are_found() -> None:
    said = papers_read("native", range(1000, 1040))
    assert said["wrong"] == []
    assert said["values"] > 80


def test_no_value_of_invented_bills_and_certificates_is_wrong_and_all_are_found() -> None:
    said = papers_read("native", range(2000, 2040), bill)
    assert said["wrong"] == []
    assert said["values"] > 60


def test_a_seed_makes_the_same_paper_each_time() -> None:
    for make in (paper, bill):
        assert [make(seed) for seed in range(12)] == [make(seed) for seed in range(12)]


def test_a_wrong_value_is_found() -> None:
    """What the proof above would say of a reader that is wrong."""
    made = paper(0)
    right = ReadPaper("rib", (ReadField("iban", made.truth["iban"], 1, ("drawn",)),))
    assert faults(made, right) == []
    one = right.fields[0]
    assert faults(made, dataclasses.replace(right, fields=(dataclasses.replace(one, value="FR76"),))) == [
        "a wrong iban"
    ]
    assert faults(made, dataclasses.replace(right, fields=(one, one))) == ["two of iban"]
    assert faults(made, ReadPaper("attestation_secu", ())) == ["it is no attestation_secu"]
