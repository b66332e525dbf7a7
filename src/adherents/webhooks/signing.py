"""Secrets and signatures by the Standard Webhooks specification, version 1 of its signature (HMAC-SHA256)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification wants 24 to 64


def make_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(*, event_id: str, at: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """What a receiver proves a call with: a signature for each secret that is live. `at`: seconds since 1970, of this try."""
    signatures = (_signature(key, event_id, at, body) for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, event_id: str, at: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"
