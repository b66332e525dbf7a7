"""Tokens that the portal recognises as its own by a keyed hash, without having kept anything of them."""

import secrets
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from django.utils import timezone

from adherents.crypto.index import INDEX_BYTES, blind_index, blind_indexes

_MOMENT, _RANDOM = 6, 16  # bytes: milliseconds since 1970, then random ones


def make(purpose: str, bound_to: str = "") -> bytes:
    """38 bytes: when it was made, 128 random bits, and a keyed hash of both, of `purpose` and of `bound_to`."""
    made_at = int(timezone.now().timestamp() * 1000).to_bytes(_MOMENT)
    body = made_at + secrets.token_bytes(_RANDOM)
    return body + blind_index(purpose, _hashed(body, bound_to))


def expiry(token: bytes, *, purpose: str, life: timedelta, bound_to: str = "") -> datetime | None:
    """When it ends; None: it has ended, or was not made here for this purpose and bound to this."""
    if len(token) != _MOMENT + _RANDOM + INDEX_BYTES:
        return None
    body, seal = token[:-INDEX_BYTES], token[-INDEX_BYTES:]
    genuine = [compare_digest(seal, own) for own in blind_indexes(purpose, _hashed(body, bound_to))]
    made_at = datetime.fromtimestamp(int.from_bytes(body[:_MOMENT]) / 1000, UTC) if any(genuine) else None
    return made_at + life if made_at and timezone.now() < made_at + life else None


def _hashed(body: bytes, bound_to: str) -> str:
    return f"{body.hex()}|{bound_to}"
