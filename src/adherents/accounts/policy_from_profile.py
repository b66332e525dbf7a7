"""The insurer's profile, as the policy wants it."""

from datetime import datetime, timedelta

from django.utils import timezone

from adherents.accounts.policy import LockRules, PasswordRules
from adherents.insurer.calendar import beginning_of
from adherents.insurer.profile import profile


def password_rules() -> PasswordRules:
    password = profile().password
    return PasswordRules(
        min_length=password.min_length,
        max_length=password.max_length,
        lowercase_required=password.lowercase_required,
        classes_required=password.classes_required,
    )


def lock_rules() -> LockRules:
    lock = profile().lock
    return LockRules(tries=lock.tries, duration=timedelta(hours=lock.hours))


def renewal() -> timedelta | None:
    """After how long a password must be changed; None where the profile says 0 (G4)."""
    days = profile().password.renewal_days
    return timedelta(days=days) if days else None


def link_validity() -> timedelta:
    """How long a link lives (G6): every text that names the delay reads the same setting."""
    return timedelta(minutes=profile().password.link_validity_minutes)


def letter_ends(now: datetime) -> datetime:
    """When the code in a letter made now ends: with the last of the profile's days, as the letter says it."""
    day = timezone.localdate(now) + timedelta(days=profile().password.letter_validity_days + 1)
    return beginning_of(day)
