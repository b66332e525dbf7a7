"""The keyed hash of a line: an unchanged line is recognised without opening what it became."""

from collections.abc import Sequence
from hashlib import blake2b

from adherents.crypto.keys import KEY_ID_BYTES, keyring
from adherents.members.models import INDEX_BYTES

# Part of each digest: raise it when the reading of a line changes, and the next import reads every line again.
_READING = "1"


class LineDigest:
    """Digests of one kind of line: the master key's id (4 bytes), then 12 of keyed BLAKE2b, a third of HMAC's time.

    Made under the primary master key and recognised under every live one.
    """

    def __init__(self, purpose: str) -> None:
        self._keys = {key.id: key.subkey(f"line:{purpose}") for key in keyring().keys}

    def of(self, values: Sequence[str]) -> bytes:
        """Of the values in the order of the sheet's columns, whatever their order and encoding in the file."""
        return self._digest(keyring().primary.id, values)

    def recognises(self, values: Sequence[str], digest: bytes) -> bool:
        """Whether this is the line that `digest` was made of. The empty digest is of no line."""
        key_id = digest[:KEY_ID_BYTES]
        return key_id in self._keys and self._digest(key_id, values) == digest

    @staticmethod
    def is_current(digest: bytes) -> bool:
        """Whether the primary master key made it."""
        return digest[:KEY_ID_BYTES] == keyring().primary.id

    def _digest(self, key_id: bytes, values: Sequence[str]) -> bytes:
        text = "\x1f".join((_READING, *values))
        size = INDEX_BYTES - KEY_ID_BYTES
        return (
            key_id
            + blake2b(
                text.encode(errors="surrogateescape"), key=self._keys[key_id], digest_size=size
            ).digest()
        )
