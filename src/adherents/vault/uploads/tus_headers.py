"""The words of the tus protocol 1.0.0: what its headers say, without any of what they are about."""

import base64
import re
import uuid

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PART_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # ASCII, with neither space nor comma


class Malformed(Exception):
    """A header that the protocol asks for is missing, or does not say what it should."""


def number(header: str | None) -> int:
    """A count of bytes: not negative, in decimal. Raises `Malformed`."""
    if header is None or not _NUMBER.fullmatch(header):
        raise Malformed
    return int(header)


def identifier(text: str) -> uuid.UUID | None:
    """An identifier that the page made; None where it says none. Raises `Malformed`."""
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed from error


def metadata(header: str | None) -> dict[str, str]:
    """`Upload-Metadata`: pairs separated by commas, a key and its value in Base64, separated by a space.

    A value may be missing. Values are read as UTF-8. Raises `Malformed`: also for a key that comes twice.
    """
    values: dict[str, str] = {}
    for pair in (header or "").split(",") if header else []:
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in values:
            raise Malformed
        try:
            values[key] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:  # not ASCII, not Base64, or not UTF-8 within
            raise Malformed from error
    return values
