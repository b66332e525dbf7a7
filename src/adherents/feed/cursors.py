"""A place in the feed as programs carry it: an epoch and a position, opaque to them."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

_WRITTEN = re.compile(r"([0-9a-f]{16})\.(\d{1,18})")


class NotACursor(Exception):
    """The feed never gave this text."""


@dataclass(frozen=True, slots=True)
class Cursor:
    epoch: str
    position: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.epoch}.{self.position}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises `NotACursor`."""
        try:
            clear = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        except (ValueError, binascii.Error):
            raise NotACursor from None
        written = _WRITTEN.fullmatch(clear)
        if written is None:
            raise NotACursor
        return cls(written[1], int(written[2]))
