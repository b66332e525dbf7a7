"""« Données personnelles » › « Mon mot de passe » (G12)."""

from django.contrib.auth.hashers import check_password
from django.db import transaction

from adherents.accounts import mails
from adherents.accounts.client import Client
from adherents.accounts.models import AccessLink, Account, KnownDevice
from adherents.accounts.services import lock, passwords
from adherents.accounts.services.sign_in import SignInRefused
from adherents.journal.events import Event
from adherents.journal.services import record


def change_password(*, account: Account, old: str, new: str, client: Client) -> Account:
    """Replace the password by a new one. Every session ends, and the view opens this one again.

    A wrong old password counts as a wrong try to sign in. Raises `SignInRefused`, `Locked`, `WeakPassword`, or
    `PasswordChangedMeanwhile` when the account was closed or another journey set its password on the way.
    """
    device = lock.device_of(account, client)
    _check_old(account, old, device)
    encoded = passwords.encode_new(account=account, password=new)
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        lock.check_open(current.identifier, device)
        if current.closed_at is not None:
            raise passwords.PasswordChangedMeanwhile
        passwords.store(account=current, encoded=encoded, checked_against=account.password)
        AccessLink.objects.kill_all_of(current)
        current.sessions.all().delete()
        record(Event.PASSWORD_CHANGED, subject=current.subject, actor=current.subject)
        mails.password_changed(current)
    return current


def look_over(*, account: Account, old: str, new: str, client: Client) -> None:
    """What else is wrong on a page that is refused already; "" for what was not said. Raises `SignInRefused`, `Locked` or
    `WeakPassword`, as `change_password` does. The new password is held against its person only after the right old one.
    """
    if not old:
        passwords.check_in_itself(new)
        return
    _check_old(account, old, lock.device_of(account, client))
    if new:
        passwords.check_new(account=account, password=new)


def _check_old(account: Account, old: str, device: KnownDevice | None) -> None:
    attempt = lock.take_try(account.identifier, device)
    if not check_password(old, account.password):
        until = lock.fail(attempt, account)
        if until is not None:
            raise lock.Locked(until)
        raise SignInRefused(attempt.left)
    lock.clear_after_success(attempt)
