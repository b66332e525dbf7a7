"""The challenges that passkeys sign: each is good for one use, one account, one browser, a quarter of an hour and one answer.

allauth keeps one challenge a session, and takes it on whichever page an answer comes to. Ours says in itself what it is for,
under a keyed hash, so nothing is kept of it until it is used. The holder of the key is verified every time (PIN,
fingerprint, face).
"""

import secrets
import struct
from datetime import timedelta
from enum import StrEnum
from typing import Any

from allauth.account.utils import url_str_to_user_pk
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AuthenticationResponse,
    AuthenticatorData,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from adherents.accounts import allauth_internals as allauth
from adherents.accounts import genuine
from adherents.accounts.models import Account
from adherents.accounts.services import single_use
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of

PURPOSE, LIFE = "passkey challenge", timedelta(minutes=15)  # as long as the step after the password
BROWSER_COOKIE = f"{settings.COOKIE_PREFIX}cle"
STEP = "ceremony"  # in the state of the step after the password
_REQUIRED = UserVerificationRequirement.REQUIRED
# What fido2 raises for an answer that no browser gives.
_UNREADABLE = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)


class ChallengeUse(StrEnum):
    """What a challenge was made for."""

    SIGN_IN = "sign_in"  # a passkey instead of the password: the account is not known yet
    SECOND_STEP = "second_step"  # after the password
    AGAIN = "again"  # before something that matters
    ADD = "add"


class CeremonyRefused(Exception):
    """This answer opens nothing: not a passkey of this account, not its signature, its holder not verified, or a copy."""


class Stale(CeremonyRefused):
    """The answer is to a challenge that was used, is too old, or was made for another page, account or browser: ask again."""


def begin_authentication(
    request: HttpRequest, use: ChallengeUse, account: Account | None = None
) -> dict[str, Any]:
    """The browser's options (`navigator.credentials.get`). `account`: None when signing in, where it is not known yet."""
    options, _ = allauth.fido2_server().authenticate_begin(
        credentials=allauth.passkeys_of(account) if account else [],
        user_verification=_REQUIRED,
        challenge=_challenge(request, use, account),
    )
    return dict(options)


def begin_registration(request: HttpRequest, account: Account) -> dict[str, Any]:
    """The browser's options (`navigator.credentials.create`): a passkey that verifies its holder, and that is found unasked."""
    options, _ = allauth.fido2_server().register_begin(
        user=allauth.passkey_user(account),
        credentials=allauth.passkeys_of(account),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        extensions=allauth.PASSKEY_EXTENSIONS,
        challenge=_challenge(request, ChallengeUse.ADD, account),
    )
    return dict(options)


def complete_authentication(
    request: HttpRequest, use: ChallengeUse, answer: Any, account: Account | None = None
) -> Authenticator:
    """The passkey that gave this answer. Its challenge is used up. Raises `CeremonyRefused`."""
    try:
        response = AuthenticationResponse.from_dict(answer)
        challenge = _Challenge(response.response.client_data.challenge, _bound_to(request, use, account))
        owner = account or _owner(response)
        credentials = allauth.passkeys_of(owner)
        signed_by = allauth.fido2_server().authenticate_complete(challenge.state, credentials, answer)
    except _UNREADABLE as error:
        raise CeremonyRefused from error
    passkey = allauth.passkey_with_id(owner, signed_by.credential_id)
    if passkey is None:
        raise CeremonyRefused
    challenge.use_up()
    return _count_on(passkey, response.response.authenticator_data.counter)


def complete_registration(request: HttpRequest, answer: Any, account: Account) -> AuthenticatorData:
    """What the new passkey says of itself. Its challenge is used up. Raises `CeremonyRefused`."""
    try:
        response = RegistrationResponse.from_dict(answer)
        challenge = _Challenge(
            response.response.client_data.challenge, _bound_to(request, ChallengeUse.ADD, account)
        )
        made: AuthenticatorData = allauth.fido2_server().register_complete(challenge.state, answer)
    except _UNREADABLE as error:
        raise CeremonyRefused from error
    challenge.use_up()
    return made


def _owner(response: AuthenticationResponse) -> Account:
    """The account that the passkey names. Raises `CeremonyRefused`, or ValueError for a key of no account."""
    key = url_str_to_user_pk(bytes(response.response.user_handle or b"").decode())
    owner = Account.objects.filter(pk=key).first()
    if owner is None:
        raise CeremonyRefused
    return owner


class _Challenge:
    """What an answer signed, once it is known to be made here for this use. Raises `Stale` for any other."""

    def __init__(self, challenge: bytes, bound_to: str) -> None:
        ends = genuine.expiry(challenge, purpose=PURPOSE, life=LIFE, bound_to=bound_to)
        if ends is None:
            raise Stale
        self._token, self._ends = challenge.hex(), ends
        self.state = {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}

    def use_up(self) -> None:
        """Of two answers to it at once, one counts. Raises `Stale`."""
        if not single_use.use(token=self._token, expires_at=self._ends):
            raise Stale


def _challenge(request: HttpRequest, use: ChallengeUse, account: Account | None) -> bytes:
    if use is ChallengeUse.SIGN_IN and not request.COOKIES.get(BROWSER_COOKIE):
        request.COOKIES[BROWSER_COOKIE] = secrets.token_hex(16)
    return genuine.make(PURPOSE, _bound_to(request, use, account))


def _bound_to(request: HttpRequest, use: ChallengeUse, account: Account | None) -> str:
    """The use, the account and what only this browser has: it ends with the step, or with the session's key."""
    if use is ChallengeUse.SIGN_IN:
        browser = hash_token(request.COOKIES.get(BROWSER_COOKIE, ""))
    elif use is ChallengeUse.SECOND_STEP:
        # A step without it (begun before an upgrade) has no challenge that could be answered.
        browser = request._login_stage.state.get(STEP) or secrets.token_hex(16)  # type: ignore[attr-defined]
    else:
        browser = hash_token(request.session.session_key or "")
    return f"{use}|{account.pk if account else ''}|{browser}"


def keep_browser(request: HttpRequest, response: HttpResponse) -> None:
    """The browser in which a passkey was asked for keeps the mark that its answer is bound to."""
    response.set_cookie(
        BROWSER_COOKIE,
        request.COOKIES[BROWSER_COOKIE],
        max_age=int(LIFE.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _count_on(passkey: Authenticator, counter: int) -> Authenticator:
    """The passkey, with the counter of this signature written down; one that does not move on is refused: it was copied.

    Many passkeys count nothing and always say 0 (WebAuthn, 6.1.1). The row is locked: of two signatures at once with one
    counter, one is refused.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=passkey.pk).first()
        if row is None:
            raise CeremonyRefused
        last = row.data.get("sign_count", row.wrap().authenticator_data.counter)
        is_a_copy = counter <= last and bool(counter or last)
        if is_a_copy:
            subject = subject_of(SubjectKind.ACCOUNT, row.user_id)
            record(Event.PASSKEY_COPIED, subject=subject, counter=counter, last=last)
        else:
            row.data["sign_count"] = counter
            row.save(update_fields=["data"])
    if is_a_copy:
        raise CeremonyRefused
    return row
