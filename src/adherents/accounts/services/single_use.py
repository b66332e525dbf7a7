"""Tokens that open once, on every server: the question of « mot de passe oublié », the challenge that a passkey signs.

Making one writes nothing: a keyed hash shows that it is genuine. Using one leaves a row, until the token would have ended.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from adherents.accounts.models import UsedToken
from adherents.accounts.tokens import hash_token


def use(*, token: str, expires_at: datetime) -> bool:
    """Use a genuine token up; False: it was used before. A unique row settles which of two parallel uses counts."""
    try:
        with transaction.atomic():
            UsedToken.objects.create(token_hash=hash_token(token), expires_at=expires_at)
    except IntegrityError:
        return False
    return True


def is_used(*, token: str) -> bool:
    """Whether it was used up, and that is still remembered."""
    return UsedToken.objects.filter(pk=hash_token(token)).exists()


def forget_expired() -> int:
    """Delete the rows of what has expired anyway. Returns how many."""
    return UsedToken.objects.filter(expires_at__lt=timezone.now()).delete()[0]
