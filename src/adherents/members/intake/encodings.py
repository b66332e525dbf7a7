"""Finds the encoding of a file, and the likely cause when the characters of a line cannot be read. Pure code.

The insurers' exports come from systems of forty years: Windows-1252 and UTF-8 in one file, DOS code pages, text that was
converted twice. Nothing is guessed right: a line that is in doubt is refused, with the likely cause.
"""

import re
from collections import Counter
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UTF8, WINDOWS = "utf-8-sig", "cp1252"
# How a byte is kept that the encoding does not have: its line is refused, and the rest of the file is read.
ESCAPED = "surrogateescape"
_LONGEST = 1 << 20

# What French names and addresses are written with, and the marks that people put between them.
_FRENCH = frozenset("àâäçéèêëîïñôöùûüÿœæÀÂÄÇÉÈÊËÎÏÑÔÖÙÛÜŸŒÆ’‘°º\u00a0")
_CAPITAL_INSIDE = re.compile("[a-zß-öø-ÿœ][À-ÖØ-ÞŒŸ]")
_NAMES = {
    "cp850": "CP850 (DOS)",
    "mac_roman": "Mac Roman",
    "iso8859_15": "ISO-8859-15",
    "cp1252": "Windows-1252",
}
# Asked in this order: of a line that may be several, the most usual.
_OTHERS = ("cp850", "iso8859_15", "mac_roman")

_CONTINUATION = bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")
# Half a character of JSON, or a byte that the encoding lacks, is a surrogate.
_CONTROL = r"\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff"
_IN_ASCII = re.compile(r"[\x00-\x1f\x7f]")
# Any of these may be a sign; most lines with accents have none, and are not looked at twice.
_SIGN = re.compile(rf"[{_CONTROL}€‚ƒ„…†‡ˆ‰‹•˜™›¤¦¨¸¼½¾ÂÃÄÅŠŒŽŸ“”–—]")
_SUSPECT = re.compile(
    rf"[{_CONTROL}€‚ƒ„†‡ˆ‰‹•˜™›¤¦¨¸¼½¾]"
    # UTF-8 that was read as Windows-1252: « Ã© » for « é », « Å’ » for « Œ », « â€™ » for « ’ ».
    rf"|[ÂÃÄÅ][{re.escape(_CONTINUATION)}]"
    # What another code page makes in the middle of a word: « BenoŒt », « H“tel », « L…titia ».
    r"|[a-zà-ÿ][ŠŒŽŸ]|[^\W\d_][“”][^\W\d_]|…[^\W\d_]|[a-z][–—][a-z]"
)

_TWICE = re.compile(rf"[ÂÃÄÅ][{re.escape(_CONTINUATION)}]|â€[{re.escape(_CONTINUATION)}]")

_LOST = _("Des caractères sont perdus : ils ont été remplacés avant l’export.")
_UNREADABLE = _("Des caractères sont illisibles : l’encodage de cette ligne n’est pas le bon.")
_CONVERTED = _(
    "Des caractères sont illisibles : de l’UTF-8 a sans doute été relu en %(encoding)s. Exportez à nouveau en UTF-8."
)
_IN_ANOTHER = _(
    "Des caractères sont illisibles : la ligne est sans doute en %(encoding)s. Exportez en UTF-8."
)


def votes_in(path: Path) -> Counter[str]:
    """How many lines with accents each encoding can read as French; under « utf-8 », those that are whole in it.

    Memory does not grow with a line.
    """
    votes: Counter[str] = Counter()
    with path.open("rb") as file:
        while line := file.readline(_LONGEST):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                votes["other"] += 1
                votes.update(name for name in (WINDOWS, *_OTHERS) if _is_french(line, name))
            else:
                votes["utf-8"] += 1
    return votes


def encoding_by(votes: Counter[str]) -> tuple[str, str]:
    """How to read a file that is not in UTF-8 from end to end, and the code page that it seems to be in instead, or ""."""
    if votes["utf-8"] > votes["other"]:
        return UTF8, ""
    best = max((WINDOWS, *_OTHERS), key=lambda name: votes[name])
    return WINDOWS, best if votes[best] > votes[WINDOWS] and best != "iso8859_15" else ""


def is_readable(text: str) -> bool:
    """Whether a line has only characters that may be in one."""
    if text.isascii():
        return not _IN_ASCII.search(text)
    return not (_SIGN.search(text) and _SUSPECT.search(text))


def cause(text: str) -> str | Promise:
    """Why a line cannot be read, as far as its characters tell, in words for who exports the file."""
    if "\ufffd" in text:
        return _LOST
    if any(_is_french(_bytes_of(twice[0], WINDOWS), "utf-8") for twice in _TWICE.finditer(text)):
        return _CONVERTED % {"encoding": "Windows-1252"}
    escaped = any("\udc80" <= letter <= "\udcff" for letter in text)
    if not escaped and _is_french(_bytes_of(text, "latin-1"), "utf-8"):
        return _CONVERTED % {"encoding": "ISO-8859-1"}
    for name in (WINDOWS, *_OTHERS) if escaped else _OTHERS:
        if _is_french(_bytes_of(text, WINDOWS), name):
            return in_another(name)
    return _UNREADABLE


def in_another(name: str) -> str:
    """That the line is in this encoding, and what to do."""
    return _IN_ANOTHER % {"encoding": _NAMES[name]}


def _bytes_of(text: str, encoding: str) -> bytes | None:
    try:
        return text.encode(encoding, ESCAPED)
    except UnicodeEncodeError:
        return None


def _is_french(raw: bytes | None, encoding: str) -> bool:
    """Whether there are characters beyond ASCII, and each is one that French is written with, where it writes it."""
    if raw is None or raw.isascii():
        return False
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    if _CAPITAL_INSIDE.search(text):
        return False
    return all(letter in _FRENCH for letter in set(text) if letter > "\x7f")
