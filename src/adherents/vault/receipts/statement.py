"""What a receipt states, as the canonical JSON that is signed and as the envelope that is handed out.

Canonical: keys sorted, no spaces, UTF-8, integers only (RFC 8785 gives the same bytes for these values). The envelope holds
those very bytes in base64 beside their signature, so that nothing has to be written anew to check them.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from adherents.ui.moments import day
from adherents.vault.origins import came_in_words
from adherents.vault.receipts.keys import ALGORITHM

VERSION = 1
FORMAT = "adherents-receipt/1"
MOST_ENVELOPE_BYTES = 1 << 17  # a hundred files with the longest names make less
CAME = ("channel", "channel_label", "received_on")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(rb'"key_id":"([0-9a-f]{16})"')


class MalformedReceipt(Exception):
    """These bytes are not written as a receipt is."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it arrived. `kind` is the profile's code, `kind_label` its French words on that day; `size` is in bytes."""

    name: str
    kind: str
    kind_label: str
    content_type: str
    size: int
    sha256: str

    @property
    def grouped(self) -> str:
        """The fingerprint in groups of eight, to be compared by eye."""
        return " ".join(self.sha256[start : start + 8] for start in range(0, 64, 8))


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that a receipt says. `insurer` is its legal name, `verify_at` the page that checks receipts.

    Of what came otherwise than by the portal: the code of its `channel`, its French name on that day, and the day on which it
    came (`AAAA-MM-JJ`); an agent deposited it at `deposited_at`.
    """

    number: str
    insurer: str
    member_number: str
    deposited_at: datetime
    signed_at: datetime
    files: tuple[File, ...]
    verify_at: str
    key_id: str
    channel: str = ""
    channel_label: str = ""
    received_on: str = ""

    @property
    def came_in_words(self) -> str:
        """« reçu par courrier le 12/11/2026 », in the reader's language; "" for what came by the portal."""
        if not self.channel:
            return ""
        on = date.fromisoformat(self.received_on)
        return came_in_words(self.channel, on) or f"{self.channel_label}, {day(on)}"

    def payload(self) -> bytes:
        """The canonical bytes. How it came is in those of what did not come by the portal, and in no others."""
        came = {name: getattr(self, name) for name in CAME} if self.channel else {}
        return canonical(
            came
            | {
                "algorithm": ALGORITHM,
                "deposited_at": self.deposited_at.isoformat(timespec="seconds"),
                "files": [{name: getattr(file, name) for name in File.__slots__} for file in self.files],
                "insurer": self.insurer,
                "key_id": self.key_id,
                "member_number": self.member_number,
                "number": self.number,
                "signed_at": self.signed_at.isoformat(timespec="seconds"),
                "verify_at": self.verify_at,
                "version": VERSION,
            }
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """The signed bytes and their signature, apart."""

    payload: bytes
    signature: bytes

    def written(self) -> bytes:
        """The JSON file: one value a line, so that plain tools can take one out."""
        values = {
            "format": FORMAT,
            "payload": base64.b64encode(self.payload).decode(),
            "signature": base64.b64encode(self.signature).decode(),
        }
        return (json.dumps(values, indent=2) + "\n").encode()


def canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def read_envelope(data: bytes) -> Envelope:
    """Raises `MalformedReceipt`. How the JSON is laid out does not matter; each value does, to its last bit.

    It is flat: what is nested, or longer than a receipt can be, is not parsed at all.
    """
    if len(data) > MOST_ENVELOPE_BYTES or data.count(b"{") != 1 or b"[" in data:
        raise MalformedReceipt
    values = _json(data.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(values, dict) or set(values) != {"format", "payload", "signature"}:
        raise MalformedReceipt
    if values["format"] != FORMAT:
        raise MalformedReceipt
    return Envelope(_base64(values["payload"]), _base64(values["signature"]))


def key_named_in(payload: bytes) -> str:
    """The `key_id` of canonical bytes that are not believed yet, and so not parsed. Raises `MalformedReceipt` where none is.

    A quote inside a value has a backslash before it: these words stand nowhere but at their place.
    """
    named = _KEY_ID.search(payload)
    if named is None:
        raise MalformedReceipt
    return named[1].decode()


def read_statement(payload: bytes) -> Statement:
    """Raises `MalformedReceipt` where the bytes are not canonical or a value is missing, of another type, or one too many."""
    values = _json(payload)
    try:
        if values["version"] != VERSION or values["algorithm"] != ALGORITHM:
            raise MalformedReceipt
        stated = Statement(
            number=_text(values["number"]),
            insurer=_text(values["insurer"]),
            member_number=_text(values["member_number"]),
            deposited_at=_moment(values["deposited_at"]),
            signed_at=_moment(values["signed_at"]),
            files=tuple(_file(file) for file in values["files"]),
            verify_at=_text(values["verify_at"]),
            key_id=_text(values["key_id"]),
            **_came(values),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedReceipt from error
    if stated.payload() != payload:
        raise MalformedReceipt
    return stated


def _file(values: dict[str, Any]) -> File:
    if not isinstance(values["size"], int) or isinstance(values["size"], bool) or values["size"] < 0:
        raise MalformedReceipt
    if not _SHA256.fullmatch(values["sha256"]):
        raise MalformedReceipt
    texts = {name: _text(values[name]) for name in File.__slots__ if name != "size"}
    return File(size=values["size"], **texts)


def _came(values: dict[str, Any]) -> dict[str, str]:
    if "channel" not in values:
        return {}
    came = {name: _text(values[name]) for name in CAME}
    date.fromisoformat(came["received_on"])
    return came


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedReceipt
    value.encode()  # a lone surrogate is no text
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise MalformedReceipt
    return moment


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), parse_constant=_refuse, parse_float=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedReceipt from error


def _refuse(_written: str) -> None:
    raise ValueError


def _base64(value: object) -> bytes:
    """Strict: one way of writing each value, and no other."""
    try:
        text = _text(value)
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedReceipt from error
    if base64.b64encode(decoded).decode() != text:
        raise MalformedReceipt
    return decoded
