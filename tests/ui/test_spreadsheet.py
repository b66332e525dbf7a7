"""A list for a spreadsheet in France: what a program there could take for a formula is a text."""

import csv
import io

import pytest

from adherents.ui import spreadsheet

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_begins_as_a_formula_is_a_text(start: str) -> None:
    [line] = spreadsheet.lines([[f"{start}1+1", "Dépôt ; d’été"]])
    [[first, second]] = csv.reader(io.StringIO(line.removeprefix("\ufeff"), newline=""), delimiter=";")
    assert first.startswith("'")
    assert second == "Dépôt ; d’été"
