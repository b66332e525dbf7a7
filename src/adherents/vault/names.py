"""What a file is called: the name that a phone sent, made safe to show, to mail and to give back."""

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST = 200
UNNAMED = "document"
_FORBIDDEN = set('<>:"/\\|?*')


def clean_name(given: str) -> str:
    """The last part of `given`, in NFC, with no control, right-to-left mark or separator in it.

    At most 200 characters, the extension kept; never empty, never a leading dot.
    """
    last = given.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", last)
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    kept = "".join("_" if character in _FORBIDDEN else character for character in kept)
    kept = " ".join(kept.split()).lstrip(". ").rstrip(". ")
    if not kept:
        return UNNAMED
    if len(kept) <= LONGEST:
        return kept
    extension = PurePosixPath(kept).suffix[:12]
    return kept[: LONGEST - len(extension)].rstrip() + extension


def cut(text: str, *, most_bytes: int) -> str:
    """As much of the beginning as fits in `most_bytes` of UTF-8. No letter is cut in half: an accent stays on its letter.

    Written apart (NFD), as macOS may keep it, it fits too.
    """
    kept = text
    while len(unicodedata.normalize("NFD", kept).encode()) > most_bytes:
        kept = kept[:-1]
        while kept and unicodedata.combining(text[len(kept)]):
            kept = kept[:-1]
    return kept


def attachment_header(name: str) -> str:
    """`Content-Disposition` for a download (RFC 6266): a plain name for old readers, the true one in UTF-8."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip() or UNNAMED
    plain = plain.replace("\\", "_").replace('"', "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
