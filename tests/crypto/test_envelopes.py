"""A document's envelope: whole and its own, or refused (product, section 3)."""

import io
from typing import BinaryIO

import pytest
from django.conf import LazySettings

from adherents.crypto import envelopes
from adherents.crypto.keys import CannotOpen

MIB = 1 << 20
MINE, OTHER = "4b1c9a52-0000-4000-8000-000000000001", "4b1c9a52-0000-4000-8000-000000000002"


SHA256 = "ab" * 32


class Sink(io.BytesIO):
    """A file that keeps its bytes once closed."""

    kept = b""

    def close(self) -> None:
        if not self.closed:
            self.kept = self.getvalue()
        super().close()


def seal(wrapped: bytes, clear: bytes, document_id: str = MINE) -> bytes:
    sink = Sink()
    with envelopes.sealing_stream(wrapped, sink, document_id=document_id) as stream:
        stream.write(clear)
    return sink.kept


def unseal(wrapped: bytes, sealed: bytes, document_id: str = MINE, sha256: str = SHA256) -> bytes:
    """With the key that is kept of `wrapped`, as the bytes of the document `document_id` and of the hash `sha256`."""
    kept = envelopes.bound(wrapped, document_id=MINE, sha256=SHA256)
    source: BinaryIO = io.BytesIO(sealed)
    with envelopes.opening_stream(kept, source, document_id=document_id, sha256=sha256) as stream:
        return stream.read()


@pytest.fixture(scope="module")
def key() -> bytes:
    return envelopes.new_document_key(document_id=MINE)


@pytest.mark.parametrize("size", [0, 1, 1000, MIB - 100, MIB, MIB + 1, 2 * MIB + 7])
def test_what_goes_in_comes_out_and_the_clear_is_nowhere(key: bytes, size: int) -> None:
    clear = (b"relev\xc3\xa9 de prestations " * (size // 22 + 1))[:size]
    sealed = seal(key, clear)
    assert unseal(key, sealed) == clear
    assert b"prestations" not in sealed


@pytest.mark.parametrize("place", [0, 1, 30, 500, MIB, MIB + 500, -1])
def test_one_altered_byte_is_refused_wherever_it_is(key: bytes, place: int) -> None:
    sealed = bytearray(seal(key, b"a" * (MIB + 1000)))
    sealed[place] ^= 1
    with pytest.raises(CannotOpen):
        unseal(key, bytes(sealed))


@pytest.mark.parametrize("length", [0, 10, 39, 40, 1000, MIB, 2 * MIB, -1])
def test_a_cut_file_is_refused_even_between_two_segments(key: bytes, length: int) -> None:
    sealed = seal(key, b"a" * (2 * MIB + 1000))
    with pytest.raises(CannotOpen):
        unseal(key, sealed[:length])


def test_bytes_added_at_the_end_are_refused(key: bytes) -> None:
    with pytest.raises(CannotOpen):
        unseal(key, seal(key, b"a" * 1000) + b"more")


def test_two_segments_that_change_places_are_refused(key: bytes) -> None:
    sealed = seal(key, b"a" * MIB + b"b" * MIB + b"c" * MIB)
    swapped = sealed[:MIB] + sealed[2 * MIB : 3 * MIB] + sealed[MIB : 2 * MIB] + sealed[3 * MIB :]
    assert len(swapped) == len(sealed)
    with pytest.raises(CannotOpen):
        unseal(key, swapped)


def test_another_documents_bytes_do_not_open_under_ones_own_key(key: bytes) -> None:
    other = envelopes.new_document_key(document_id=OTHER)
    with pytest.raises(CannotOpen):
        unseal(key, seal(other, b"theirs", OTHER))


def test_a_documents_key_and_bytes_moved_to_another_id_do_not_open(key: bytes) -> None:
    with pytest.raises(CannotOpen):
        unseal(key, seal(key, b"mine"), OTHER)


@pytest.mark.parametrize("broken", [b"", b"x", b"\x00" * 150])
def test_a_broken_key_is_refused(broken: bytes) -> None:
    with pytest.raises(CannotOpen):
        unseal(broken, b"anything")


def test_an_altered_key_is_refused(key: bytes) -> None:
    altered = bytearray(key)
    altered[len(altered) // 2] ^= 1
    with pytest.raises(CannotOpen):
        unseal(bytes(altered), seal(key, b"mine"))


def test_a_key_opens_as_the_bytes_that_it_is_bound_to_alone(key: bytes) -> None:
    sealed = seal(key, b"as it was sent")
    assert unseal(key, sealed) == b"as it was sent"
    with pytest.raises(CannotOpen):
        unseal(key, sealed, sha256="cd" * 32)


def test_a_key_that_is_bound_to_no_bytes_opens_nothing(key: bytes) -> None:
    source = io.BytesIO(seal(key, b"as it was sent"))
    with pytest.raises(CannotOpen):
        envelopes.opening_stream(key, source, document_id=MINE, sha256="")


def test_each_document_has_its_own_key() -> None:
    assert len({envelopes.new_document_key(document_id=MINE) for _ in range(5)}) == 5


def test_a_rotation_of_the_master_key_opens_the_old_and_seals_with_the_new(settings: LazySettings) -> None:
    settings.ADHERENTS_MASTER_KEYS = [b"o" * 32]
    old = envelopes.new_document_key(document_id=MINE)
    sealed = seal(old, b"before")
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32, b"o" * 32]
    assert unseal(old, sealed) == b"before"
    new = envelopes.new_document_key(document_id=MINE)
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32]
    assert unseal(new, seal(new, b"after")) == b"after"
    with pytest.raises(CannotOpen):
        unseal(old, sealed)
