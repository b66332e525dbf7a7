"""The keyring: what one key sealed for one purpose, nothing else opens."""

import base64

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from adherents.crypto.keys import CannotOpen, Keyring, MasterKey, keyring

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))
RING = Keyring([ONE])


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_and_never_seals_twice_alike(clear: bytes, associated: bytes) -> None:
    sealed = RING.seal("field", clear, associated)
    assert RING.open("field", sealed, associated) == clear
    assert RING.seal("field", clear, associated) != sealed
    assert len(sealed) == 1 + 4 + 12 + len(clear) + 16


@given(st.binary(min_size=1, max_size=60), st.data())
def test_no_bit_can_be_altered(clear: bytes, data: st.DataObject) -> None:
    sealed = bytearray(RING.seal("field", clear, b"here"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        RING.open("field", bytes(sealed), b"here")


@given(st.integers(0, 60))
def test_nothing_cut_opens(length: int) -> None:
    sealed = RING.seal("field", b"tulipe" * 5, b"here")
    with pytest.raises(CannotOpen):
        RING.open("field", sealed[:length], b"here")


@pytest.mark.parametrize(("purpose", "associated"), [("wrap", b"here"), ("field", b"there"), ("field", b"")])
def test_another_purpose_or_another_place_does_not_open(purpose: str, associated: bytes) -> None:
    with pytest.raises(CannotOpen):
        RING.open(purpose, RING.seal("field", b"tulipe", b"here"), associated)


def test_the_first_key_seals_and_every_live_key_opens() -> None:
    old = Keyring([ONE]).seal("field", b"before", b"here")
    rotated = Keyring([TWO, ONE])
    new = rotated.seal("field", b"after", b"here")
    assert rotated.open("field", old, b"here") == b"before"
    assert rotated.key_id(new) == MasterKey(TWO).id != rotated.key_id(old)
    assert Keyring([TWO]).open("field", new, b"here") == b"after"


def test_a_key_that_left_opens_nothing_any_more() -> None:
    sealed = Keyring([ONE]).seal("field", b"before", b"here")
    with pytest.raises(CannotOpen, match="does not hold"):
        Keyring([TWO, THREE]).open("field", sealed, b"here")


def test_each_purpose_has_its_own_subkey_and_the_identifier_is_neither() -> None:
    key = MasterKey(ONE)
    material = [key.subkey("field"), key.subkey("wrap"), key.subkey("index:nir")]
    assert len(set(material)) == 3
    assert not any(ONE in part or key.id in part for part in material)
    assert MasterKey(ONE).subkey("field") == material[0]


@pytest.mark.parametrize("secret", [b"", b"x" * 31, b"x" * 33])
def test_a_master_key_is_32_bytes(secret: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring([secret])


def test_an_empty_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Keyring([])


def test_the_installations_ring_follows_its_settings(settings: LazySettings) -> None:
    assert (
        keyring().primary.id == MasterKey(base64.b64decode("dGVzdHMgb25seSwgdGVzdHMgb25seSwgMzIgYnl0ZXM=")).id
    )
    settings.ADHERENTS_MASTER_KEYS = [TWO, ONE]
    assert [key.id for key in keyring().keys] == [MasterKey(TWO).id, MasterKey(ONE).id]
