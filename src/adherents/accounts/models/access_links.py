"""The links and codes that are sent to a person, by mail or on paper, and that let them in once."""

import secrets
from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.tokens import hash_token
from adherents.crypto.index import blind_index, blind_indexes

LETTER_PURPOSE = "letter"


class Purpose(models.TextChoices):
    """What a link lets its reader do."""

    RESET = "reset"
    FIRST_CONNECTION = "first_connection"
    INVITATION = "invitation"
    LETTER = "letter"
    SECOND_FACTOR = "second_factor"  # with the password: add the factor that replaces a lost one
    STRANGER = "stranger"  # say « ce n’était pas moi »
    ADDRESS = "address"  # confirm the address that it was sent to
    ADDRESS_CHANGED = "address_changed"  # say « ce n’était pas moi » of a change of address


REPORTS = (Purpose.STRANGER, Purpose.ADDRESS_CHANGED)
SETS_A_PASSWORD = (Purpose.RESET, Purpose.FIRST_CONNECTION, Purpose.INVITATION)


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def live(self) -> Self:
        return self.filter(used_at__isnull=True, killed_at__isnull=True, expires_at__gt=timezone.now())

    def mailed(self) -> Self:
        """Those that went to an address: a change of address kills them."""
        return self.exclude(purpose=Purpose.LETTER)

    def letters(self) -> Self:
        """The codes on paper."""
        return self.filter(purpose=Purpose.LETTER)

    def opened_by(self, token: str) -> "AccessLink | None":
        """The live link that this token opens."""
        return self.live().mailed().select_related("account").filter(token_hash=hash_token(token)).first()

    def opened_by_code(self, code: str) -> "AccessLink | None":
        """The live letter that bears this code."""
        hashes = [index.hex() for index in blind_indexes(LETTER_PURPOSE, code)]
        return self.live().letters().select_related("account").filter(token_hash__in=hashes).first()

    def kill_all_of(self, account: AbstractBaseUser) -> int:
        """A password change kills every link that was on its way (G6).

        Not « ce n’était pas moi »: a thief of a password would change it to silence its owner.
        """
        return self.exclude(purpose__in=REPORTS).kill_every_one_of(account)

    def kill_all_but_address_reports_of(self, account: AbstractBaseUser) -> int:
        """Kill every link but those that take back a change of address.

        A thief who has the new mailbox could otherwise report a device there, to silence the owner of the former one.
        """
        return self.exclude(purpose=Purpose.ADDRESS_CHANGED).kill_every_one_of(account)

    def kill_every_one_of(self, account: AbstractBaseUser) -> int:
        """Kill every link: the account is shut."""
        return self.live().filter(account=account.pk).update(killed_at=timezone.now())


class AccessLink(models.Model):
    """What lets its reader set a password: a link sent by mail (G6), or a code sent by post, shorter, to be typed.

    Only a hash of the token is kept; of the code, which has 60 bits, a hash under the master key.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    killed_at = models.DateTimeField(null=True)
    birth_date_failures = models.PositiveSmallIntegerField(default=0)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(purpose="letter", used_at__isnull=True, killed_at__isnull=True),
                name="one_letter_an_account",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.account}"

    @staticmethod
    def new_token() -> str:
        """128 random bits, 32 hexadecimal digits."""
        return secrets.token_hex(16)

    @staticmethod
    def hash_code(code: str) -> str:
        """What is stored of a code on paper: 32 hexadecimal digits, worth nothing without the master key."""
        return blind_index(LETTER_PURPOSE, code).hex()
