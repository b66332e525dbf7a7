"""Accounts: what signing in needs to know of a person."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from adherents.accounts import policy, policy_from_profile
from adherents.accounts.models.counters import SignInCounter
from adherents.accounts.policy import Standing
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet, readable
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.ui.typed import bare, without_separators


class Role(models.TextChoices):
    MEMBER = "member", _("Adhérent")
    ADVISER = "conseiller", _("Conseiller")
    SUPERVISOR = "responsable", _("Responsable")
    ADMINISTRATOR = "administrateur", _("Administrateur")
    AUDITOR = "auditeur", _("Auditeur")
    CLIENT = "systeme", _("Système de gestion")


# Those of people who work at the desk. A client is a program of the insurer: it signs in nowhere.
AGENT_ROLES = (Role.ADVISER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
# The group under which what programs do is counted. An address has an @, and no group is called so.
SYSTEMS = "@systems"
# The identifier of an account begins with it when its n° adhérent is another person's now; it cannot be typed.
RETIRED = "former:"


def normalise_identifier(typed: str) -> str:
    """A n° adhérent as it is kept: no space nor invisible mark, letter case folded up (G1). An agent's e-mail address: folded
    down. Dots and dashes stay, since the insurer's own numbers may have them (`AccountQuerySet.identified_by`).
    """
    text = bare(typed)
    return text.lower() if "@" in text else text.upper()


RECOVERY_CODES = "recovery_codes"  # a type of allauth's factors, and none by itself
NEVER_WARNED = 9999  # days: more than any notice of the profile


class AccountQuerySet(SealedQuerySet["Account"]):
    def members(self) -> Self:
        return self.filter(role=Role.MEMBER)

    def agents(self) -> Self:
        return self.exclude(role=Role.MEMBER).exclude(role=Role.CLIENT)

    def active_administrators(self) -> Self:
        """Those who can act: neither suspended nor still invited."""
        administrators = self.filter(role=Role.ADMINISTRATOR, closed_at=None, last_sign_in_at__isnull=False)
        return administrators.order_by("pk")

    def with_factors(self) -> Self:
        """Each with its `has_second_factor`, in the same query."""
        factors = self.model._meta.apps.get_model("mfa", "Authenticator").objects.filter(
            user_id=OuterRef("pk")
        )
        return self.annotate(has_second_factor=Exists(factors.exclude(type=RECOVERY_CODES)))

    def identified_by(self, identifier: str) -> "Account | None":
        """The account that this (normalised) identifier names: as it stands, or without the dots and dashes put into it."""
        plain = without_separators(identifier)
        by_identifier = {
            account.identifier: account for account in self.filter(identifier__in={identifier, plain})
        }
        return by_identifier.get(identifier) or by_identifier.get(plain)


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
    # A number and not null where no notice was sent: one comparison finds the accounts that a notice of N days is due to.
    renewal_warned_days = models.PositiveSmallIntegerField(
        default=NEVER_WARNED, help_text="the last notice sent was so many days before the end; 9999: none yet"
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
    def team_counted(self) -> str:
        """The group under which what it does is counted: a program's is no agent's, so that nobody is found beside it."""
        return SYSTEMS if self.role == Role.CLIENT else self.team

    @property
    def subject(self) -> str:
        """How the journal names this account."""
        return subject_of(SubjectKind.ACCOUNT, self.pk)

    @property
    def actor(self) -> str:
        """How the journal names this agent or client who does something for others (`subject`: the same one's own account)."""
        return subject_of(SubjectKind.CLIENT if self.role == Role.CLIENT else SubjectKind.AGENT, self.pk)

    @property
    def is_agent(self) -> bool:
        return self.role in AGENT_ROLES

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than the password; recovery codes alone are none. One query, the first time."""
        factors = self._meta.apps.get_model("mfa", "Authenticator").objects.filter(user_id=self.pk)
        return any(kind != RECOVERY_CODES for kind in factors.values_list("type", flat=True))

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
