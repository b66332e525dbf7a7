"""A list for a spreadsheet in France: semicolons, and a mark that says UTF-8. No cell begins as a formula does."""

import csv
import io
from collections.abc import Iterable

MARK = "\ufeff"  # once, before the first line
CONTENT_TYPE = "text/csv; charset=utf-8"


def line(cells: Iterable[str]) -> str:
    """One line of it, with its end."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerow(map(_harmless, cells))
    return written.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
