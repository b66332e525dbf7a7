"""The secrets of a second factor: sealed under the master key for one account, so that another's opens nothing.

allauth does not say for which account it seals and opens: `secrets_of` says it around each such call.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from adherents.accounts.models import Account
from adherents.crypto.keys import ROW, keyring

_PURPOSE = "second factor"
_account_id: ContextVar[int] = ContextVar("whose_secrets")


@contextmanager
def secrets_of(account: Account) -> Iterator[None]:
    """What allauth seals and opens meanwhile is this account's."""
    before = _account_id.set(account.pk)
    try:
        yield
    finally:
        _account_id.reset(before)


def account_meant() -> int:
    """Whose secret allauth seals or opens now. Raises `LookupError` outside `secrets_of`."""
    return _account_id.get()


def seal_secret(text: str, *, account_id: int) -> str:
    """Base64 of `Keyring.seal`: what is stored of a TOTP secret, or of what recovery codes come from."""
    sealed = keyring().seal(_PURPOSE, text.encode(), _associated(account_id), version=ROW)
    return base64.b64encode(sealed).decode()


def open_secret(sealed: str, *, account_id: int) -> str:
    """Raises `CannotOpen` where it was altered, is another account's, or was sealed by a key that is not here."""
    opened = keyring().open(_PURPOSE, base64.b64decode(sealed), _associated(account_id), version=ROW)
    return opened.decode()


def _associated(account_id: int) -> bytes:
    return f"mfa.Authenticator.data\naccount {account_id:d}".encode()
