"""What we take of django-allauth beyond its documentation: the one module that imports `allauth.*.internal`.

A new version of allauth may move any of it: `tests/accounts/test_allauth_contract.py` holds what we rely on. The names are
ours, so that a move is repaired here and nowhere else.
"""

from collections.abc import Iterable
from typing import Any

# The session's key under which allauth keeps how its account proved itself: a list of records, `method` and `type` in each.
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as PROOFS_SESSION_KEY

# Sign an account in, through the stages that the adapter lists; the second one for an account whose password was just right.
from allauth.account.internal.flows.login import perform_login as sign_in
from allauth.account.internal.flows.login import perform_password_login as sign_in_after_password

# Write a proof into the session, and forget a sign-in that stopped between its stages.
from allauth.account.internal.flows.login import record_authentication as record_proof
from allauth.account.internal.stagekit import clear_login as forget_sign_in

# The account that is signed in; it raises where there is none.
from allauth.core.internal.httpkit import authenticated_user as signed_in_account

# What allauth does once a second factor was right: the proof in the session, and the date on the factor.
from allauth.mfa.base.internal.flows import post_authentication as note_factor_used
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.totp.internal.auth import generate_totp_secret as new_totp_secret

# Passkeys: fido2's server as allauth sets it up, and what it says of an account and its keys.
from allauth.mfa.webauthn.internal.auth import EXTENSIONS as PASSKEY_EXTENSIONS
from allauth.mfa.webauthn.internal.auth import build_user_payload as passkey_user
from allauth.mfa.webauthn.internal.auth import get_authenticator_by_credential_id as passkey_with_id
from allauth.mfa.webauthn.internal.auth import get_credentials as passkeys_of
from allauth.mfa.webauthn.internal.auth import get_server as fido2_server

__all__ = [
    "PASSKEY_EXTENSIONS",
    "PROOFS_SESSION_KEY",
    "add_totp",
    "fido2_server",
    "forget_sign_in",
    "new_totp_secret",
    "note_factor_used",
    "passkey_user",
    "passkey_with_id",
    "passkeys_of",
    "record_proof",
    "sign_in",
    "sign_in_after_password",
    "signed_in_account",
    "totp_code",
    "totp_steps",
]


def add_totp(account: Any, secret: str) -> None:
    """Give the account an authenticator application with this base32 secret. Within `sealing.secrets_of(account)`."""
    TOTP.activate(account, secret)


def totp_code(secret: str, step: int) -> str:
    """The six digits that an application with this base32 secret shows in this step (of 30 seconds, counted from 1970)."""
    code: str = format_hotp_value(hotp_value(secret, step))
    return code


def totp_steps() -> Iterable[int]:
    """The steps of 30 seconds whose codes are accepted now, the earliest first: the present one and its neighbours."""
    steps: Iterable[int] = yield_hotp_counters_from_time()
    return steps
