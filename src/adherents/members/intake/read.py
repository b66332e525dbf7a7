"""The insurer's file as lines of text, whatever its encoding, in constant memory. Pure code."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, NoReturn, TextIO

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from adherents.members.intake import encodings

_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 16  # characters: a member's line has some two hundred
_DELIMITER = ";"
# Ctrl-Z: programs from the days of DOS write it behind the last line, and nothing comes after.
_DOS_END = "\x1a"


class UnusableFile(Exception):
    """The file as a whole cannot be read: one sentence that says what is wrong. Nothing was changed."""


class RowReason(NamedTuple):
    """Why a line is refused: the column ("" for the line as a whole), and a sentence for people."""

    column: str
    message: str | Promise


class Row(NamedTuple):
    """A line of the file: where it is (the header is line 1), its values as they are and in the order asked for.

    `whole` is false when the line has more or fewer values than the header (`is_short`: fewer): they may then be in the
    wrong columns. `is_too_long`: it was not read to its end. `reasons`: what was wrong before its values could be read.
    """

    line: int
    values: tuple[str, ...]
    whole: bool
    is_short: bool = False
    is_too_long: bool = False
    reasons: tuple[RowReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at all the bytes of a file tells.

    `encoding`: `utf-8-sig` or `cp1252`. `code_page`: the encoding that its accents seem to be in instead; "" where there is
    none. `is_closed`: its last line has a line end. `has_long_lines`: lines that are read by pieces.
    """

    encoding: str
    code_page: str = ""
    is_closed: bool = True
    has_long_lines: bool = False


def look_at(path: Path) -> Look:
    """Read the whole file once, in constant memory. Raises `UnusableFile` for what is no file of text."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UnusableFile(
            _("Le fichier %(file)s ne peut pas être lu : %(reason)s")
            % {"file": path.name, "reason": error.strerror}
        ) from error
    if not start:
        raise UnusableFile(_("Le fichier %(file)s est vide.") % {"file": path.name})
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnusableFile(
            _("Le fichier %(file)s est en UTF-16 : exportez-le en UTF-8 ou en Windows-1252.")
            % {"file": path.name}
        )
    if start.startswith(b"PK"):
        raise UnusableFile(
            _("Le fichier %(file)s est un classeur ou une archive : exportez-le en CSV.")
            % {"file": path.name}
        )
    is_utf8, is_closed, has_long_lines = _read_through(path)
    encoding, code_page = encodings.UTF8, ""
    if not is_utf8 and not start.startswith(codecs.BOM_UTF8):
        encoding, code_page = encodings.encoding_by(encodings.votes_in(path))
    return Look(encoding, code_page, is_closed, has_long_lines)


def _read_through(path: Path) -> tuple[bool, bool, bool]:
    """Whether it is UTF-8 to its end, whether its last line is closed, and whether a piece has no line end at all."""
    decoder = codecs.getincrementaldecoder(encodings.UTF8)()
    is_utf8, end, has_long_lines = True, b"", False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            end = (end + chunk)[-2:]
            has_long_lines = has_long_lines or (len(chunk) == _CHUNK and b"\n" not in chunk)
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return is_utf8, end.removesuffix(_DOS_END.encode()).endswith((b"\n", b"\r")), has_long_lines


def rows(
    path: Path, columns: Sequence[str], *, look: Look, progress: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """The lines of the file, blank ones left out, with their values in the order of `columns`.

    The header may have the columns in any order. A line break in a value becomes a space. `progress` is called with the
    bytes read so far, now and then. Raises `UnusableFile` for a header with missing, unknown or repeated columns, and
    where quoting is broken: what follows a quote that is never closed would silently disappear.
    """
    # A value beyond this is a quote that was never closed.
    csv.field_size_limit(4 * _CHUNK)
    with (
        path.open("rb") as raw,
        io.TextIOWrapper(raw, look.encoding, errors=encodings.ESCAPED, newline="") as text,
    ):
        lines: _BoundedLines | None = _BoundedLines(text) if look.has_long_lines else None
        reader = csv.reader(lines or text, delimiter=_DELIMITER, strict=True)
        try:
            header = next(reader, [])
            order, width = _order(path, header, columns), len(header)
            in_order = itemgetter(*order)
            line = reader.line_num + 1
            for count, values in enumerate(reader):
                if lines is not None and lines.cut is not None:
                    if reader.line_num > line:
                        _broken_quote(path, line)
                    yield Row(line, _beginning(lines, order), whole=False, is_too_long=True)
                    lines.cut = None
                elif any(values) and values != [_DOS_END]:
                    if reader.line_num > line:
                        values = [_on_one_line(path, line, value) for value in values]
                    columns_there = len(values)
                    if columns_there == width:
                        yield Row(line, in_order(values), True)
                    else:
                        padded = values + [""] * width
                        yield Row(line, in_order(padded), False, is_short=columns_there < width)
                line = reader.line_num + 1
                if progress and count % 1000 == 0:
                    progress(raw.tell())
        except csv.Error:
            _broken_quote(path, reader.line_num)
    if progress:
        progress(path.stat().st_size)


class _BoundedLines:
    """The lines of a text. One that is longer than any member's is read to its end and forgotten: what is given for it is
    a blank line, and `cut` is how it began.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.cut: str | None = None

    def __iter__(self) -> "_BoundedLines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) < _LONGEST_LINE or line.endswith(("\n", "\r")):
            return line
        self.cut = line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(_LONGEST_LINE)
        return "\n"


def _beginning(lines: _BoundedLines, order: Sequence[int]) -> tuple[str, ...]:
    """The values that a line began with, as far as they are whole: the number is mostly one of them."""
    known = lines.cut.split(_DELIMITER)[:-1] if lines.cut and '"' not in lines.cut else []
    return tuple(known[place] if place < len(known) else "" for place in order)


def _on_one_line(path: Path, line: int, value: str) -> str:
    """A value that was typed on two lines, in closed quotes.

    With a delimiter in it, it is lines of the file that a stray quote has swallowed.
    """
    if "\n" not in value and "\r" not in value:
        return value
    if _DELIMITER in value:
        _broken_quote(path, line)
    return " ".join(value.split())


def _broken_quote(path: Path, line: int) -> NoReturn:
    raise UnusableFile(
        _(
            "Le fichier %(file)s a un guillemet mal fermé vers la ligne %(line)d : tout ce qui suit serait perdu."
        )
        % {"file": path.name, "line": line}
    )


def _order(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Where each of `columns` is in the file."""
    names = [name.strip().lower() for name in header]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in columns if name not in names]
    unknown = [name or "(vide)" for name in names if name not in columns]
    repeated = sorted({name for name in names if names.count(name) > 1 and name in columns})
    if not missing and not unknown and not repeated:
        return [names.index(name) for name in columns]
    if len(names) == 1 and any(mark in names[0] for mark in (",", "\t", "|")):
        problem = _("les colonnes doivent être séparées par des points-virgules")
    else:
        problems = []
        if missing:
            problems.append(_("il manque %(columns)s") % {"columns": ", ".join(missing)})
        if unknown:
            # A file without a header would show a person's data here: names of columns are short words.
            known_shape = [name for name in unknown if name.isascii() and name.replace("_", "").isalpha()]
            problems.append(
                _("ne sont pas connues : %(columns)s") % {"columns": ", ".join(known_shape[:20])}
                if len(known_shape) == len(unknown)
                else _("la première ligne n’est pas un en-tête")
            )
        if repeated:
            problems.append(_("sont répétées : %(columns)s") % {"columns": ", ".join(repeated)})
        problem = _(" ; ").join(problems)
    raise UnusableFile(
        _("Les colonnes du fichier %(file)s ne sont pas les bonnes : %(problem)s.")
        % {"file": path.name, "problem": problem}
    )
