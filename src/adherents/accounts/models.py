"""Accounts and what protects them."""

import uuid
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from adherents.accounts import policy, policy_from_profile
from adherents.accounts.access_links import SETS_A_PASSWORD as SETS_A_PASSWORD
from adherents.accounts.access_links import AccessLink as AccessLink  # a table of this room
from adherents.accounts.access_links import Purpose as Purpose
from adherents.accounts.factor_requests import FactorRequest as FactorRequest  # a table of this room
from adherents.accounts.policy import Counter, Standing
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.index import blind_index, blind_indexes
from adherents.crypto.rows import SealedQuerySet, readable
from adherents.insurer.profile import profile
from adherents.journal.subjects import Kind, subject_of
from adherents.ui.typed import bare, without_separators
from adherents.work.models import DueWork, DueWorkQuerySet


class Role(models.TextChoices):
    MEMBER = "member", _("Adhérent")
    ADVISER = "conseiller", _("Conseiller")
    SUPERVISOR = "responsable", _("Responsable")
    ADMINISTRATOR = "administrateur", _("Administrateur")
    AUDITOR = "auditeur", _("Auditeur")


# The identifier of an account begins with it when its n° adhérent is another person's now; it cannot be typed.
RETIRED = "former:"


def normalise_identifier(typed: str) -> str:
    """A n° adhérent as it is kept: no space nor invisible mark, letter case folded up (G1). An agent's e-mail address: folded
    down. Dots and dashes stay, since the insurer's own numbers may have them (`AccountQuerySet.identified_by`).
    """
    text = bare(typed)
    return text.lower() if "@" in text else text.upper()


class AccountQuerySet(SealedQuerySet["Account"]):
    def members(self) -> Self:
        return self.filter(role=Role.MEMBER)

    def agents(self) -> Self:
        return self.exclude(role=Role.MEMBER)

    def administrators_at_work(self) -> Self:
        """Those who can act: neither suspended nor still invited."""
        found = self.filter(role=Role.ADMINISTRATOR, closed_at=None, last_sign_in_at__isnull=False)
        return found.order_by("pk")

    def identified_by(self, identifier: str) -> "Account | None":
        """The account that this (normalised) identifier names: as it stands, or without the dots and dashes put into it."""
        plain = without_separators(identifier)
        found = {account.identifier: account for account in self.filter(identifier__in={identifier, plain})}
        return found.get(identifier) or found.get(plain)


class Account(AbstractBaseUser):
    """What signing in needs to know of a person, and nothing else: the register owns the facts and pushes them here."""

    identifier = models.CharField(max_length=254, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    birth_date = models.CharField(max_length=10, blank=True, help_text="AAAA-MM-JJ, 00 where unknown")
    language = models.CharField(max_length=2, default="fr")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    display_name = EncryptedTextField(
        bound_to=["identifier"], default="", help_text="forbidden in passwords, shown in the header"
    )
    team = models.CharField(max_length=60, blank=True, db_index=True, help_text="an agent's group")
    second_factor_reset_at = models.DateTimeField(
        null=True,
        help_text="since when only a mailed link lets add a second factor; null: nothing is to be replaced",
    )
    identity_wanted_since = models.DateTimeField(
        null=True,
        help_text="since when « mot de passe oublié » does not open it: a first connection does, or an agent; null: it does",
    )
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, help_text="of a member: closed; of an agent: suspended")
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
        indexes = [models.Index(fields=["role"], condition=~Q(role="member"), name="accounts_of_agents")]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """How the journal names this account."""
        return subject_of(Kind.ACCOUNT, self.pk)

    @property
    def actor(self) -> str:
        """How the journal names this agent doing something for others (`subject` is the same person's own account)."""
        return subject_of(Kind.AGENT, self.pk)

    @property
    def is_agent(self) -> bool:
        return self.role != Role.MEMBER

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password; recovery codes alone are none. One query, the first time."""
        factors = self._meta.apps.get_model("mfa", "Authenticator").objects.filter(user_id=self.pk)
        return any(kind != "recovery_codes" for kind in factors.values_list("type", flat=True))

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.closed_at is None

    @property
    def is_retired(self) -> bool:
        """Whether its n° adhérent is another person's now: it is closed for good."""
        return self.identifier.startswith(RETIRED)

    @property
    def is_expired(self) -> bool:
        """Past the renewal date (G4)."""
        return policy.is_expired(self.password_changed_at, timezone.now(), policy_from_profile.renewal())

    @property
    def renewal_at(self) -> datetime | None:
        """When the password must have been changed, or None where renewal is off."""
        period = policy_from_profile.renewal()
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

    @property
    def called(self) -> str:
        """The person's name; "" where none is known, or where it does not open."""
        return readable(self, "display_name")

    @property
    def shown_name(self) -> str:
        """What to call this account by on a page: the name, or else the identifier."""
        return self.called or str(self.identifier)

    def get_full_name(self) -> str:
        return self.called


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

    def row_of(self, identifier: str, device: KnownDevice | None = None) -> "SignInCounter | None":
        return next(iter(self.of(identifier, device)), None)

    def state(self, identifier: str, device: KnownDevice | None = None) -> Counter:
        row = self.row_of(identifier, device)
        return row.state if row else Counter()


class SignInCounter(models.Model):
    """Wrong passwords in a row for an identifier. A number that belongs to no account is counted in the same way (G11)."""

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


class UsedToken(models.Model):
    """The hash of a token that was used, once: nothing is kept of it before, and after its end nothing more."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used: {self.token_hash[:8]}"


class ResetRequest(DueWork):
    """Somebody asked for a link for this identifier. The worker finds out whether there is an account (neutral answers)."""

    seal_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="tells its row apart"
    )
    identifier = EncryptedTextField(bound_to=["seal_id", "device_hashes"])
    device_hashes = models.JSONField(default=list, help_text="of the tokens in the device cookie that asked")
    requested_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"reset request {self.pk}"


class SessionEndReason(models.TextChoices):
    """Why a session ended before its time. The browser that had it reads it in words, and in the query of its next page."""

    ELSEWHERE = "ailleurs"  # another one began, and they were too many
    OWNER = "vous"
    SERVICE = "service"
    STRANGER = "signalement"


class SessionQuerySet(models.QuerySet["Session"]):
    def _idle(self) -> Q:
        now, limits = timezone.now(), profile()
        members = Q(account__isnull=True) | Q(account__role=Role.MEMBER)
        agents = Q(account__role__in=[role for role in Role if role != Role.MEMBER])
        return (members & Q(last_seen_at__lte=now - timedelta(minutes=limits.session.idle_minutes))) | (
            agents & Q(last_seen_at__lte=now - timedelta(minutes=limits.agents.idle_minutes))
        )

    def open(self) -> Self:
        """Neither left alone too long (an agent's ends sooner than a member's), nor past its absolute end."""
        return self.filter(~self._idle(), expire_date__gt=timezone.now())

    def over(self) -> Self:
        return self.filter(Q(expire_date__lte=timezone.now()) | self._idle())

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "pk")

    def end(self, why: SessionEndReason) -> int:
        """Delete them, and keep the reason until each would have ended: the browser's next page says it. Returns how many."""
        ended = [
            EndedSession(session_key=key, why=why, expire_date=until)
            for key, until in self.values_list("session_key", "expire_date")
        ]
        if not ended:
            return 0
        EndedSession.objects.bulk_create(ended, ignore_conflicts=True)
        return self.model._default_manager.filter(pk__in=[row.session_key for row in ended]).delete()[0]


class Session(AbstractBaseSession):
    """An open session. Its key is stored as a hash: a reader of this table can open no session."""

    session_key = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    browser = models.CharField(max_length=60, default="")

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]

    @property
    def reference(self) -> str:
        """What its owner's list calls it by: enough to find it among theirs, and it opens nothing."""
        return str(self.session_key)[:16]

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore


class EndedSession(models.Model):
    """The key (hashed) of a session that was ended, so that its browser can say why. It holds nothing of the session."""

    session_key = models.CharField(max_length=64, primary_key=True)
    why = models.CharField(max_length=12, choices=SessionEndReason.choices)
    expire_date = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ended: {self.why}"
