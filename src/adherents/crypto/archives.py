"""The seal of a backup: one key for each, wrapped under the master key for this purpose alone, and a stream for each file.

A file is bound to its backup and to its name in it: one that takes the place of another, of the same backup or of an
older one, does not open.
"""

import json
from typing import Any, BinaryIO, cast

import tink
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tink import streaming_aead

from adherents.crypto.envelopes import TEMPLATE, MasterAead, OpenedStream, register
from adherents.crypto.keys import CannotOpen, keyring

_WRAPS, _SIGNS = "backup", "backup manifest"


class ArchiveKey:
    """The key of one backup. `wrapped`: safe to write in it."""

    def __init__(self, archive_id: str, handle: tink.KeysetHandle) -> None:
        self._id, self._handle = archive_id, handle
        self._primitive = handle.primitive(streaming_aead.StreamingAead)

    @classmethod
    def new(cls, archive_id: str) -> "ArchiveKey":
        register()
        return cls(archive_id, tink.new_keyset_handle(TEMPLATE))

    @classmethod
    def of(cls, archive_id: str, wrapped: bytes) -> "ArchiveKey":
        """Raises `CannotOpen` where another backup's, altered, or under a master key that is not here."""
        register()
        try:
            handle = tink.proto_keyset_format.parse_encrypted(
                wrapped, MasterAead(_WRAPS), archive_id.encode()
            )
        except (DecodeError, tink.TinkError) as error:
            raise CannotOpen("this backup's key does not open") from error
        return cls(archive_id, handle)

    @property
    def wrapped(self) -> bytes:
        serialised = tink.proto_keyset_format.serialize_encrypted(
            self._handle, MasterAead(_WRAPS), self._id.encode()
        )
        return cast(bytes, serialised)

    def sealing(self, sink: BinaryIO, name: str) -> BinaryIO:
        """A stream to write the clear bytes of the file `name` to; closing it closes `sink`."""
        return cast(BinaryIO, self._primitive.new_encrypting_stream(sink, self._associated(name)))

    def opening(self, source: BinaryIO, name: str) -> BinaryIO:
        """A stream to read them from. Reading raises `CannotOpen` where the file is cut, altered or another's."""
        return cast(
            BinaryIO, OpenedStream(self._primitive.new_decrypting_stream(source, self._associated(name)))
        )

    def _associated(self, name: str) -> bytes:
        return f"{self._id} {name}".encode()


def seal_manifest(facts: dict[str, Any]) -> bytes:
    """What proves that these facts were written by a portal that holds the master key."""
    return keyring().seal(_SIGNS, b"", _canonical(facts))


def check_manifest(facts: dict[str, Any], seal: bytes) -> None:
    """Raises `CannotOpen` where a fact was altered, or the master key is not here."""
    keyring().open(_SIGNS, seal, _canonical(facts))


def _canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()
