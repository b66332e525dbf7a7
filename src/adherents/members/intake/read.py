"""The insurer's file as lines of text, whatever its encoding, in constant memory. Pure code."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NoReturn

from django.utils.translation import gettext as _

_CHUNK = 1 << 20
_DELIMITER = ";"


class UnusableFile(Exception):
    """The file as a whole cannot be read: one sentence that says what is wrong. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: where it is (the header is line 1), its values as they are and in the order asked for.

    `whole` is false when the line has more or fewer values than the header: they may then be in the wrong
    columns.
    """

    line: int
    values: tuple[str, ...]
    whole: bool


def encoding_of(path: Path) -> str:
    """`utf-8-sig` or `cp1252`, found out by reading the whole file. Raises `UnusableFile` where it is neither."""
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
    if _decodes(path, "utf-8-sig") is None:
        return "utf-8-sig"
    broken = _decodes(path, "cp1252")
    if broken is None:
        return "cp1252"
    raise UnusableFile(
        _("Le fichier %(file)s n’est ni en UTF-8 ni en Windows-1252 : voyez la ligne %(line)d.")
        % {"file": path.name, "line": broken}
    )


def _decodes(path: Path, encoding: str) -> int | None:
    """The first line that is not in this encoding, or None when all of them are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not chunk:
                return None
            line += chunk.count(b"\n")


def rows(
    path: Path, columns: Sequence[str], *, encoding: str, progress: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """The lines of the file, blank ones left out, with their values in the order of `columns`.

    The header may have the columns in any order. `progress` is called with the bytes read so far, now and
    then. Raises `UnusableFile` for a header with missing, unknown or repeated columns, and where quoting is
    broken: what follows a quote that is never closed would silently disappear.
    """
    # A line beyond this is a quote that was never closed, not a member.
    csv.field_size_limit(_CHUNK)
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        reader = csv.reader(text, delimiter=_DELIMITER, strict=True)
        try:
            header = next(reader, [])
            in_order, width = itemgetter(*_order(path, header, columns)), len(header)
            line = reader.line_num + 1
            for count, values in enumerate(reader):
                if reader.line_num > line and len(values) > 0:
                    _broken_quote(path, line)
                if any(values):
                    whole = len(values) == width
                    yield Row(line, in_order(values if whole else values + [""] * width), whole)
                line = reader.line_num + 1
                if progress and count % 1000 == 0:
                    progress(raw.tell())
        except csv.Error:
            _broken_quote(path, reader.line_num)
    if progress:
        progress(path.stat().st_size)


def _broken_quote(path: Path, line: int) -> NoReturn:
    raise UnusableFile(
        _(
            "Le fichier %(file)s a un guillemet mal fermé vers la ligne %(line)d : tout ce qui suit serait perdu."
        )
        % {"file": path.name, "line": line}
    )


def _order(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Where each of `columns` is in the file."""
    found = [name.strip().lower() for name in header]
    while found and not found[-1]:
        found.pop()
    missing = [name for name in columns if name not in found]
    unknown = [name or "(vide)" for name in found if name not in columns]
    repeated = sorted({name for name in found if found.count(name) > 1 and name in columns})
    if not missing and not unknown and not repeated:
        return [found.index(name) for name in columns]
    if len(found) == 1 and any(mark in found[0] for mark in (",", "\t", "|")):
        problem = _("les colonnes doivent être séparées par des points-virgules")
    else:
        told = []
        if missing:
            told.append(_("il manque %(columns)s") % {"columns": ", ".join(missing)})
        if unknown:
            # A file without a header would show a person's data here: names of columns are short words.
            known_shape = [name for name in unknown if name.isascii() and name.replace("_", "").isalpha()]
            told.append(
                _("ne sont pas connues : %(columns)s") % {"columns": ", ".join(known_shape[:20])}
                if len(known_shape) == len(unknown)
                else _("la première ligne n’est pas un en-tête")
            )
        if repeated:
            told.append(_("sont répétées : %(columns)s") % {"columns": ", ".join(repeated)})
        problem = _(" ; ").join(told)
    raise UnusableFile(
        _("Les colonnes du fichier %(file)s ne sont pas les bonnes : %(problem)s.")
        % {"file": path.name, "problem": problem}
    )
