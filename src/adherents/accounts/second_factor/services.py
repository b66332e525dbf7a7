"""Check and count codes, show recovery codes once, and tell the journal and the person."""

import hmac
import re
import secrets
from hashlib import sha256
from typing import NoReturn

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.crypto import constant_time_compare

from adherents.accounts.allauth_internals import totp_code, totp_steps
from adherents.accounts.client import Client
from adherents.accounts.models import Account
from adherents.accounts.second_factor import mails
from adherents.accounts.second_factor.sealing import open_secret, seal_secret, secrets_of
from adherents.accounts.services import lock
from adherents.crypto.keys import CannotOpen
from adherents.crypto.rows import tell_closed
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.telemetry import metrics
from adherents.ui.typed import bare


class WrongCode(Exception):
    """It is neither the app's present code nor an unused recovery code. `left`: attempts before the lock."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


def check_code(*, account: Account, code: str, client: Client) -> Authenticator:
    """The app or the list of recovery codes that this code proves. Used up by being right.

    Counted before it is tried, on the account's own counter (G11): a right password does not wipe out
    wrong codes.
    Raises `WrongCode` or `Locked`.
    """
    attempt = lock.take_try(account.identifier, lock.device_of(account, client))
    digits = re.sub(r"\D", "", bare(code))
    proven = _use_totp(account, digits) or _use_recovery_code(account, digits)
    if proven is None:
        refuse(account=account, attempt=attempt, kind="code")
    lock.clear_after_success(attempt)
    return proven


def refuse(*, account: Account, attempt: lock.Attempt, kind: str) -> NoReturn:
    """Write down a second factor that was not right, and raise `WrongCode`, or `Locked` at the last try."""
    with transaction.atomic():
        record(Event.SECOND_FACTOR_REFUSED, subject=account.subject, kind=kind)
        until = lock.fail(attempt, account)
    metrics.SIGN_INS.labels("second_factor_refused").inc()
    if until is not None:
        raise lock.Locked(until)
    raise WrongCode(attempt.left)


def _use_totp(account: Account, digits: str) -> Authenticator | None:
    """Each code opens once, on every server: the last step used is on the row, under its lock (RFC 6238)."""
    with transaction.atomic():
        app = (
            Authenticator.objects.select_for_update()
            .filter(user=account, type=Authenticator.Type.TOTP)
            .first()
        )
        if app is None:
            return None
        secret = _opened(app, "secret")
        after = app.data.get("last_step", 0)
        step = step_of(secret=secret, code=digits, after=after) if secret else None
        if step is None:
            return None
        app.data["last_step"] = step
        app.save(update_fields=["data"])
    return app


def step_of(*, secret: str, code: str, after: int = 0) -> int | None:
    """The step of 30 seconds, around now and later than `after`, of which this is the code; None where it is of none."""
    step: int
    for step in totp_steps():
        if step > after and constant_time_compare(totp_code(secret, step), code):
            return step
    return None


def note_first_code(*, account: Account, step: int) -> None:
    """The code that proved a new app is used up like any other. In the transaction that adds the app."""
    app = Authenticator.objects.select_for_update().get(user=account, type=Authenticator.Type.TOTP)
    app.data["last_step"] = step
    app.save(update_fields=["data"])


def _use_recovery_code(account: Account, digits: str) -> Authenticator | None:
    with transaction.atomic():
        sheet = recovery_codes(account, locked=True)
        if sheet is None:
            return None
        key = _opened(sheet, "key") if "key" in sheet.data else ""
        if not key:
            return None
        used = _code_index(key, digits)
        left = [index for index in sheet.data["indexes"] if index != used]
        if len(left) == len(sheet.data["indexes"]):
            return None
        sheet.data["indexes"] = left
        sheet.save(update_fields=["data"])
    return sheet


def recovery_codes(account: Account, *, locked: bool = False) -> Authenticator | None:
    """The account's sheet of recovery codes; `data["indexes"]` holds what is left of it once it was shown."""
    rows = Authenticator.objects.select_for_update() if locked else Authenticator.objects.all()
    return rows.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).first()


def show_recovery_codes(*, account: Account) -> list[str]:
    """The codes in clear, the first time only; after that they cannot be read again, and the list is empty.

    allauth derives them from a seed that it keeps (sealed). Showing them replaces the seed by hashes under a key of the
    sheet's own, sealed: the codes cannot be hashed again when the master key is rotated, but that key can be sealed again.
    """
    with transaction.atomic():
        sheet = recovery_codes(account, locked=True)
        if sheet is None or "seed" not in sheet.data:
            return []
        with secrets_of(account):
            codes: list[str] = sheet.wrap().get_unused_codes()
        key = secrets.token_hex(32)
        sheet.data = {
            "key": seal_secret(key, account_id=account.pk),
            "indexes": [_code_index(key, code) for code in codes],
            "migrated_codes": [],
        }
        sheet.save(update_fields=["data"])
    return codes


def _code_index(key: str, code: str) -> str:
    """What is kept of a recovery code: HMAC-SHA-256, in hexadecimal."""
    return hmac.digest(bytes.fromhex(key), code.encode(), sha256).hex()


def _opened(factor: Authenticator, part: str) -> str:
    """A secret of the factor, for the account that has it; "" where it does not open: such a factor proves nothing."""
    try:
        return open_secret(factor.data[part], account_id=factor.user_id)
    except CannotOpen:
        tell_closed(factor, "data")
        return ""


def recovery_codes_left(account: Account) -> int:
    sheet = recovery_codes(account)
    return len(sheet.data.get("indexes", [])) if sheet else 0


@needs_transaction
def note_added(*, account: Account, kind: str) -> None:
    """Journal a new second factor and tell its owner. Must be called in the transaction that adds it."""
    record(Event.SECOND_FACTOR_ADDED, subject=account.subject, actor=account.subject, kind=kind)
    mails.second_factor_added(account, kind=kind)


def note_removed(*, account: Account, kind: str) -> None:
    """The same for one taken away."""
    record(Event.SECOND_FACTOR_REMOVED, subject=account.subject, actor=account.subject, kind=kind)
    mails.second_factor_removed(account, kind=kind)
