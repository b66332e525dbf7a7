"""Whether a password may be set, and setting it: shared by every journey that ends with a new password (G2, G3)."""

from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from adherents.accounts import policy
from adherents.accounts.common_passwords import is_common
from adherents.accounts.models import NEVER_WARNED, Account, FormerPassword
from adherents.accounts.policy import Weakness, normalise_password
from adherents.accounts.policy_from_profile import password_rules
from adherents.database.transactions import needs_transaction
from adherents.insurer.profile import profile


class WeakPassword(Exception):
    """Why this password may not be set; every reason, not the first one only."""

    def __init__(self, weaknesses: list[Weakness]) -> None:
        super().__init__(weaknesses)
        self.weaknesses = weaknesses


class PasswordChangedMeanwhile(Exception):
    """Another journey set this account's password between the check and the writing."""


def personal_words(account: Account) -> list[str]:
    """What a password may not be made of: the person's own words and the insurer's."""
    year, month, day = [*account.birth_date.split("-"), "", "", ""][:3]
    words = [account.identifier, *account.called.split(), account.called]
    words += [account.email.split("@")[0], day + month + year, year + month + day, day + month + year[2:]]
    words += [profile().insurer.short_name, profile().insurer.legal_name, *profile().password.forbidden_words]
    return [word for word in words if word]


def check_in_itself(password: str) -> None:
    """Check what makes this password weak for every person, so that the answer says nothing about its owner. "" passes.

    Raises `WeakPassword`.
    """
    weaknesses = policy.weaknesses(normalise_password(password), password_rules(), is_common=is_common)
    if password and weaknesses:
        raise WeakPassword(weaknesses)


def encode_new(*, account: Account, password: str) -> str:
    """The hash to store for a password that may be set. Raises `WeakPassword`.

    Compares with the current and every former hash (G3), one after the other: call it outside a transaction.
    """
    check_new(account=account, password=password)
    return make_password(normalise_password(password))


def check_new(*, account: Account, password: str) -> None:
    """Check that this person may take this password. Call it only after they proved who they are. Raises `WeakPassword`."""
    password = normalise_password(password)
    weaknesses = policy.weaknesses(
        password, password_rules(), personal=personal_words(account), is_common=is_common
    )
    former = list(account.former_passwords.values_list("encoded", flat=True))
    if any(check_password(password, encoded) for encoded in [account.password, *former] if encoded):
        weaknesses.append(Weakness.ALREADY_USED)
    if weaknesses:
        raise WeakPassword(weaknesses)


@needs_transaction
def store(*, account: Account, encoded: str, checked_against: str) -> datetime:
    """Write the new hash on a row that the caller holds under lock; the old one joins the history.

    `checked_against`: the hash that was current when `encode_new` compared. Raises
    `PasswordChangedMeanwhile` when it no longer is.
    """
    if account.password != checked_against:
        raise PasswordChangedMeanwhile
    if account.has_usable_password():
        FormerPassword.objects.create(account=account, encoded=account.password)
    account.password, account.password_changed_at = encoded, timezone.now()
    account.renewal_warned_days = NEVER_WARNED
    account.save(update_fields=["password", "password_changed_at", "renewal_warned_days"])
    return account.password_changed_at
