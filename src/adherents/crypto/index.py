"""Blind indexes: find an encrypted value by equality without storing anything that reveals it."""

import hmac
from hashlib import sha256

from adherents.crypto.keys import MasterKey, keyring

INDEX_BYTES = 16


def blind_index(purpose: str, value: str) -> bytes:
    """16 bytes of HMAC-SHA-256 under the primary key: what is stored beside the encrypted value."""
    return _index(keyring().primary, purpose, value)


def blind_indexes(purpose: str, value: str) -> list[bytes]:
    """The same under every live key: a search uses all of them, so that a rotation loses no row."""
    return [_index(key, purpose, value) for key in keyring().keys]


def _index(key: MasterKey, purpose: str, value: str) -> bytes:
    return hmac.digest(key.subkey(f"index:{purpose}"), value.encode(), sha256)[:INDEX_BYTES]
