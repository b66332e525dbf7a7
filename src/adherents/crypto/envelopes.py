"""A document's envelope: one key per document, wrapped by the master key, and the streams that seal and open.

While bytes are being sealed their key is wrapped for the document alone; once they are whole it is `bound` to their SHA-256.
Only such a key is kept and opens: a former version of the same document, put back with its own key, is refused by the key
already, and no file must be hashed again to know that it is the one of the receipt.

The cipher is Tink's StreamingAEAD, AES256_GCM_HKDF_1MB: a 1 MiB segment is authenticated before it is released, its place
in the file is part of what is authenticated, and the document's id is the associated data, so that one document's bytes
never open as another's. What comes before a broken segment is released by Tink: read to the end once before sending.
"""

import io
from functools import cache
from typing import BinaryIO, cast

import tink
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tink import aead, streaming_aead
from tink.proto import tink_pb2

from adherents.crypto.keys import CannotOpen, keyring

TEMPLATE = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
_PURPOSE = "wrap"
_SEGMENT_BYTES, _HEADER_BYTES, _TAG_BYTES = 1 << 20, 40, 16


class MasterAead(aead.Aead):  # type: ignore[misc]
    """The master keys as Tink wants them, for one purpose: what wraps a keyset."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return keyring().seal(self._purpose, plaintext, associated_data)

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        try:
            return keyring().open(self._purpose, ciphertext, associated_data)
        except CannotOpen as error:
            raise tink.TinkError(str(error)) from error


@cache
def register() -> None:
    streaming_aead.register()


def new_document_key(*, document_id: str) -> bytes:
    """A fresh document key, wrapped for this document alone: to seal with."""
    register()
    return _wrapped(tink.new_keyset_handle(TEMPLATE), document_id)


def bound(wrapped: bytes, *, document_id: str, sha256: str) -> bytes:
    """The key that sealed the bytes of this SHA-256 (hexadecimal), to keep and to open with: about 150 bytes, safe to store."""
    return _wrapped(_unwrapped(wrapped, document_id), _whole(document_id, sha256))


def rewrapped(wrapped: bytes, *, document_id: str, sha256: str) -> bytes | None:
    """The same bound key under the primary master key; None where it is already. Raises `CannotOpen`."""
    try:
        sealed = tink_pb2.EncryptedKeyset.FromString(wrapped).encrypted_keyset
    except DecodeError as error:
        raise CannotOpen("this document's key does not open") from error
    if keyring().is_current(sealed):
        return None
    whole = _whole(document_id, sha256)
    return _wrapped(_unwrapped(wrapped, whole), whole)


def sealing_stream(wrapped: bytes, sink: BinaryIO, *, document_id: str) -> BinaryIO:
    """A stream to write clear bytes to; sealed bytes go to `sink`. Closing it writes the last segment and closes `sink`."""
    primitive = _unwrapped(wrapped, document_id).primitive(streaming_aead.StreamingAead)
    return cast(BinaryIO, primitive.new_encrypting_stream(sink, document_id.encode()))


def opening_stream(wrapped: bytes, source: BinaryIO, *, document_id: str, sha256: str) -> BinaryIO:
    """A stream to read clear bytes from. Raises `CannotOpen` where the key is not this document's and of this SHA-256's bytes.

    Reading raises it where `source` is cut, altered or another's.
    """
    handle = _unwrapped(wrapped, _whole(document_id, sha256))
    primitive = handle.primitive(streaming_aead.StreamingAead)
    return cast(BinaryIO, OpenedStream(primitive.new_decrypting_stream(source, document_id.encode())))


def sealed_size(clear_size: int) -> int:
    """How many bytes `sealing_stream` makes of `clear_size` bytes: a header of 40, then a tag of 16 for each segment of 1 MiB."""
    segments = max(1, -(-(clear_size + _HEADER_BYTES) // (_SEGMENT_BYTES - _TAG_BYTES)))
    return clear_size + _HEADER_BYTES + segments * _TAG_BYTES


class OpenedStream(io.RawIOBase):
    """Tink's reader, which raises our error instead of its own."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes, fewer only at the end; all of them for -1."""
        try:
            return self._stream.read(size)
        except (tink.TinkError, OSError) as error:
            raise CannotOpen("the sealed file is cut or altered") from error

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _whole(document_id: str, sha256: str) -> str:
    return f"{document_id} {sha256}"


def _wrapped(handle: tink.KeysetHandle, purpose: str) -> bytes:
    return cast(
        bytes, tink.proto_keyset_format.serialize_encrypted(handle, MasterAead(_PURPOSE), purpose.encode())
    )


def _unwrapped(wrapped: bytes, purpose: str) -> tink.KeysetHandle:
    register()
    try:
        return tink.proto_keyset_format.parse_encrypted(wrapped, MasterAead(_PURPOSE), purpose.encode())
    except (DecodeError, tink.TinkError) as error:
        raise CannotOpen("this document's key does not open") from error
