"""Why a sign-in by OpenID Connect is refused: codes for the journal. The rooms that rely on it have the words."""

from enum import StrEnum


class OpenIdReason(StrEnum):
    """A value never changes: the journal keeps it."""

    AWAY = "away"  # the provider gives no answer in time, or an error of its own
    MISCONFIGURED = "misconfigured"  # what it says of itself cannot be used
    CANCELLED = "cancelled"  # the person, or the provider, called it off
    STATE = "state"  # not begun in this browser, too long ago, or used already
    CODE = "code"  # the provider takes the code no more, or our proof with it
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NONCE = "nonce"
    ACR = "acr"
    TOKEN = "token"  # noqa: S105 (a code): cut, or a claim of it is missing or has no sense


class OpenIdRefused(Exception):
    """Nothing of what came is believed. `why`: a code; the exception's own text is for a machine's reader, without any secret."""

    def __init__(self, why: OpenIdReason, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}" if detail else why.value)
        self.why = why
