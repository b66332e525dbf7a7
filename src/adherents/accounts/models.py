"""Accounts and what protects them."""

import hashlib
import secrets
import uuid
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts import policy, rules
from adherents.accounts.policy import Counter, Standing
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.index import blind_index, blind_indexes
from adherents.work.models import DueWork, DueWorkQuerySet

LETTER_PURPOSE = "letter"


class Role(models.TextChoices):
    MEMBER = "member", _("Adhérent")
    ADVISER = "conseiller", _("Conseiller")
    SUPERVISOR = "responsable", _("Responsable")
    ADMINISTRATOR = "administrateur", _("Administrateur")
    AUDITOR = "auditeur", _("Auditeur")


def normalise_identifier(typed: str) -> str:
    """A n° adhérent as it is kept: no space, letter case folded up (G1). An agent's e-mail address: folded down."""
    bare = "".join(typed.split())
    return bare.lower() if "@" in bare else bare.upper()


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256, 64 hexadecimal digits. The token itself has 128 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


class AccountQuerySet(models.QuerySet["Account"]):
    def members(self) -> Self:
        return self.filter(role=Role.MEMBER)

    def agents(self) -> Self:
        return self.exclude(role=Role.MEMBER)

    def identified_by(self, identifier: str) -> "Account | None":
        """The account that this (normalised) identifier names."""
        return self.filter(identifier=identifier).first()


class Account(AbstractBaseUser):
    """What signing in needs to know of a person, and nothing else: the register owns the facts and pushes them here."""

    identifier = models.CharField(max_length=254, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    birth_date = models.CharField(max_length=10, blank=True, help_text="AAAA-MM-JJ, 00 where unknown")
    language = models.CharField(max_length=2, default="fr")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    display_name = EncryptedTextField(default="", help_text="forbidden in passwords, shown in the header")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    password_changed_at = models.DateTimeField(null=True, db_index=True)
    renewal_warned_days = models.PositiveSmallIntegerField(
        default=9999, help_text="the last notice sent was so many days before the end; 9999: none yet"
    )
    last_login = None
    last_sign_in_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "identifier"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(identifier__gt="") & ~Q(identifier__contains=" "), name="identifier_normalised"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """How the journal names this account."""
        return f"account:{self.pk}"

    @property
    def is_agent(self) -> bool:
        return self.role != Role.MEMBER

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password; recovery codes alone are none. One query."""
        factors = self._meta.apps.get_model("mfa", "Authenticator").objects.filter(user_id=self.pk)
        return bool(factors.exclude(type="recovery_codes").exists())

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.closed_at is None

    @property
    def is_expired(self) -> bool:
        """Past the renewal date (G4)."""
        return policy.is_expired(self.password_changed_at, timezone.now(), rules.renewal())

    @property
    def renewal_at(self) -> datetime | None:
        """When the password must have been changed, or None where renewal is off."""
        period = rules.renewal()
        return self.password_changed_at + period if period and self.password_changed_at else None

    @property
    def standing(self) -> Standing:
        """Reads the lock of unknown browsers: two queries at most."""
        return policy.standing(
            has_password=self.has_usable_password(),
            closed=self.closed_at is not None,
            counter=SignInCounter.objects.state(self.identifier),
            expired=self.is_expired,
        )

    def get_full_name(self) -> str:
        return str(self.display_name)


class FormerPassword(models.Model):
    """A hash that was once this account's password: it may never come back (G3)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="former_passwords")
    encoded = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.account} {self.created_at:%Y-%m-%d}"


class KnownDevice(models.Model):
    """A browser that has signed in to this account: it has its own counter, which no stranger can fill."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.account} device {self.pk}"


class SignInCounterQuerySet(models.QuerySet["SignInCounter"]):
    def of(self, identifier: str, device: KnownDevice | None = None) -> Self:
        """The counter for this identifier, known here or not, as this browser meets it."""
        return self.filter(
            identifier_index__in=blind_indexes("sign-in", identifier), device_id=device.pk if device else 0
        )

    def every(self, identifier: str) -> Self:
        """All the counters for this identifier, of whatever browser."""
        return self.filter(identifier_index__in=blind_indexes("sign-in", identifier))

    def state(self, identifier: str, device: KnownDevice | None = None) -> Counter:
        row = self.of(identifier, device).first()
        return row.state if row else Counter()


class SignInCounter(models.Model):
    """Wrong passwords in a row for an identifier. A number that nobody has is counted in the same way (G11)."""

    identifier_index = models.BinaryField(max_length=16)
    device_id = models.BigIntegerField(default=0, help_text="0: browsers that have never signed in")
    failures = models.PositiveSmallIntegerField(default=0)
    locked_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = SignInCounterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identifier_index", "device_id"], name="one_counter_a_browser")
        ]

    def __str__(self) -> str:
        return f"{self.failures} failures"

    @property
    def state(self) -> Counter:
        return Counter(self.failures, self.locked_at)

    @staticmethod
    def index(identifier: str) -> bytes:
        return blind_index("sign-in", identifier)


class Purpose(models.TextChoices):
    RESET = "reset"
    FIRST_CONNECTION = "first_connection"
    INVITATION = "invitation"
    LETTER = "letter"


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def live(self) -> Self:
        return self.filter(used_at__isnull=True, killed_at__isnull=True, expires_at__gt=timezone.now())

    def mailed(self) -> Self:
        """Those that went to an address: a change of address kills them, and an hour's number bounds them."""
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

    def kill_all_of(self, account: Account) -> int:
        """A password change kills every link that was on its way (G6)."""
        return self.live().filter(account=account).update(killed_at=timezone.now())


class AccessLink(models.Model):
    """What lets its reader set a password: a link sent by mail (G6), or a code sent by post, shorter, to be typed.

    Only a hash of the token is kept; of the code, which has 60 bits, a hash under the master key.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="links")
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


class MathQuestion(models.Model):
    """A « question mathématique » asked on a page. The answer stays here, and dies with its first use (G5)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    left = models.PositiveSmallIntegerField()
    right = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.left} + {self.right} ="


class ResetRequest(DueWork):
    """Somebody asked for a link for this identifier. The worker finds out whether there is an account (neutral answers)."""

    identifier = EncryptedTextField()
    device_hashes = models.JSONField(default=list, help_text="of the tokens in the device cookie that asked")
    requested_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"reset request {self.pk}"


class Session(AbstractBaseSession):
    """An open session. Its key is stored as a hash: whoever reads this table can open none of them."""

    session_key = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    browser = models.CharField(max_length=60, default="")

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore
