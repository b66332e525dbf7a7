"""Originals sealed to the insurer's public key, in the format of age (https://age-encryption.org, decision 50)."""

from importlib.util import find_spec
from typing import Any


class NotARecipient(Exception):
    """The profile's recipient is no public key of age, or the package that seals is not installed."""


def recipient(text: str) -> Any:
    """« age1… », as the package knows it. Raises `NotARecipient`."""
    if find_spec("pyrage") is None:
        raise NotARecipient("pyrage is not installed (pip install -r requirements/age.txt)")
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise NotARecipient(str(error)) from error


def sealed(content: bytes, to: Any) -> bytes:
    """Only who has the private key opens it; a byte that was changed shuts it."""
    import pyrage

    return bytes(pyrage.encrypt(content, [to]))
