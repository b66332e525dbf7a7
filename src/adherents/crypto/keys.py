"""The master keys, and what is derived from them.

A master key is 32 random bytes held outside the database. Nothing is sealed with it directly: HKDF-SHA-256 derives one
subkey per purpose. Several master keys can be live at once (the first seals, all open), which is how a key is rotated.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32
KEY_ID_BYTES = 4
# The first byte of whatever is sealed: what its associated data says.
ALONE = b"\x01"  # for what it serves: a document's key, a cookie, the key that signs
ROW = b"\x02"  # whose row it stands in, too: a column of the database
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """The bytes were altered, belong elsewhere, or were sealed with a key that is no longer here."""


class MasterKey:
    """One master key: its public identifier and its subkeys."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a master key is {KEY_BYTES} bytes long, not {len(secret)}")
        self._secret = secret
        self._subkeys: dict[str, bytes] = {}
        self.id = hashlib.sha256(b"adherents master key id" + secret).digest()[:KEY_ID_BYTES]

    def subkey(self, purpose: str) -> bytes:
        """32 bytes that serve `purpose` and nothing else."""
        if purpose not in self._subkeys:
            derivation = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"adherents:" + purpose.encode())
            self._subkeys[purpose] = derivation.derive(self._secret)
        return self._subkeys[purpose]


class Keyring:
    """The live master keys. The first seals; each of them opens."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("a keyring needs one master key at least")
        self.keys = [MasterKey(secret) for secret in secrets]
        self._by_id = {key.id: key for key in self.keys}
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}

    @property
    def primary(self) -> MasterKey:
        return self.keys[0]

    def seal(self, purpose: str, clear: bytes, associated: bytes, *, version: bytes = ALONE) -> bytes:
        """Encrypt with AES-256-GCM: version (1 byte), key id (4), nonce (12), ciphertext and tag (len + 16).

        One purpose has one version: the subkey tells them apart, whatever the first byte says.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(self.primary, purpose).encrypt(nonce, clear, associated)
        return version + self.primary.id + nonce + sealed

    def open(self, purpose: str, sealed: bytes, associated: bytes, *, version: bytes = ALONE) -> bytes:
        """Undo `seal`. Raises `CannotOpen` when a byte, the purpose, the version or the associated data is another."""
        if sealed[:1] != version:
            raise CannotOpen("not sealed in the form that is opened here")
        key = self._by_id.get(self.key_id(sealed))
        if key is None:
            raise CannotOpen("sealed with a master key that this installation does not hold")
        start = 1 + KEY_ID_BYTES
        nonce, rest = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return self._cipher(key, purpose).decrypt(nonce, rest, associated)
        except InvalidTag:
            raise CannotOpen("altered, or sealed for something else") from None

    def key_id(self, sealed: bytes) -> bytes:
        """Which master key sealed these bytes (4 bytes), readable without opening them."""
        if len(sealed) < 1 + KEY_ID_BYTES + _NONCE_BYTES + 16 or sealed[:1] not in (ALONE, ROW):
            raise CannotOpen("not something that this keyring sealed")
        return sealed[1 : 1 + KEY_ID_BYTES]

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key sealed these bytes. Raises `CannotOpen` where no key of any keyring did."""
        return self.key_id(sealed) == self.primary.id

    def _cipher(self, key: MasterKey, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((key.id, purpose))
        if cipher is None:
            cipher = self._ciphers[key.id, purpose] = AESGCM(key.subkey(purpose))
        return cipher


@cache
def _keyring(secrets: tuple[bytes, ...]) -> Keyring:
    return Keyring(secrets)


def keyring() -> Keyring:
    """The keyring of this installation, from `settings.ADHERENTS_MASTER_KEYS` (a list of 32-byte keys)."""
    return _keyring(tuple(settings.ADHERENTS_MASTER_KEYS))
