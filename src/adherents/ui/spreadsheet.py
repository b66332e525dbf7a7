"""A list for a spreadsheet in France: semicolons, and a mark that says UTF-8. No cell begins as a formula does."""

import csv
import io
from collections.abc import Iterable, Iterator

_MARK = "\ufeff"
CONTENT_TYPE = "text/csv; charset=utf-8"


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The file, line by line, each with its end; the mark stands before the first one."""
    mark = _MARK
    for cells in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";").writerow(_harmless(str(cell)) for cell in cells)
        yield mark + line.getvalue()
        mark = ""


# The wide ones are typed by East Asian keyboards: some programs take them for the others.
_BEGIN_A_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in _BEGIN_A_FORMULA else cell
