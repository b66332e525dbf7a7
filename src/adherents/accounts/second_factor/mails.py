"""Told to the account's owner when what protects it changes."""

from django.utils import timezone

from adherents.accounts.mails import for_account
from adherents.accounts.models import Account
from adherents.mail.services import Value, post
from adherents.ui.moments import date_and_hour


def second_factor_added(account: Account, *, kind: str) -> None:
    """`kind`: totp, webauthn or recovery_codes."""
    _post("accounts/second_factor_added", account, kind)


def second_factor_removed(account: Account, *, kind: str) -> None:
    _post("accounts/second_factor_removed", account, kind)


def _post(name: str, account: Account, kind: str) -> None:
    if not account.email:
        return
    context: dict[str, Value] = {
        "kind": kind,
        **for_account(account),
        **date_and_hour(timezone.now(), account.language),
    }
    post(name, to=account.email, language=account.language, context=context)
