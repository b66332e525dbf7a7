"""The place where a person is writing, sealed in the page's form, so that the words reach their account after the session's end.

A browser gets a sealed place in a page of that account, and can only leave words there with it: the place replaces the session
and the form's own token when words are kept, and replaces neither when anything is sent or read.
"""

import base64
import binascii
import json
import os
import time
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adherents.crypto.keys import CannotOpen, keyring
from adherents.drafts.models import KEPT_FOR, Words

PURPOSE, ASSOCIATED = "draft", b"place"
LONGEST_TOKEN = 2000
_NONCE_BYTES = 12


class NotAPlace(Exception):
    """This place was not sealed here, was altered, or is older than any draft."""


@dataclass(frozen=True)
class DraftPlace:
    """`kind` and `about` name the form. `page`: where it is opened again. `fields`: what may be kept of it. `at`: when the
    page was made, POSIX seconds. `key`: what the page seals words with while they cannot reach the server, base64."""

    account: int
    kind: str
    about: str
    page: str
    fields: tuple[str, ...]
    at: float
    key: str

    @classmethod
    def new(cls, *, account: int, kind: str, about: str, page: str, fields: tuple[str, ...]) -> "DraftPlace":
        key = base64.b64encode(os.urandom(32)).decode()
        return cls(account, kind, about, page, fields, time.time(), key)

    @property
    def where(self) -> str:
        """The form's name in the page: nothing personal."""
        return f"{self.kind} {self.about}"

    def seal(self) -> str:
        clear = json.dumps(asdict(self)).encode()
        return base64.urlsafe_b64encode(keyring().seal(PURPOSE, clear, ASSOCIATED)).decode()

    def words_sealed_by_the_page(self, sealed: str) -> Words:
        """What the page's script sealed with `key`: base64 of nonce (12 bytes) and AES-256-GCM. Raises `NotAPlace`."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            clear = AESGCM(base64.b64decode(self.key)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
            words = json.loads(clear)
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise NotAPlace from error
        if not isinstance(words, dict):
            return {}
        # JSON carries half of an emoji, which no page can show.
        return {str(name): str(text).encode(errors="replace").decode() for name, text in words.items()}


def open_place(token: str) -> DraftPlace:
    """Undo `DraftPlace.seal`. Raises `NotAPlace`."""
    try:
        sealed = base64.urlsafe_b64decode(token.encode()[:LONGEST_TOKEN])
        facts = json.loads(keyring().open(PURPOSE, sealed, ASSOCIATED))
    except (binascii.Error, CannotOpen, ValueError) as error:
        raise NotAPlace from error
    if time.time() - facts["at"] > KEPT_FOR.total_seconds():
        raise NotAPlace
    return DraftPlace(**facts | {"fields": tuple(facts["fields"])})
