"""Accounts and what protects them."""

from adherents.accounts.models.access_links import (
    REPORTS,
    SETS_A_PASSWORD,
    AccessLink,
    AccessLinkQuerySet,
    Purpose,
)
from adherents.accounts.models.accounts import (
    AGENT_ROLES,
    NEVER_WARNED,
    RETIRED,
    SYSTEMS,
    Account,
    AccountQuerySet,
    FormerPassword,
    Role,
    normalise_identifier,
)
from adherents.accounts.models.counters import (
    KnownDevice,
    RateCounter,
    RateCounterQuerySet,
    SignInCounter,
    SignInCounterQuerySet,
)
from adherents.accounts.models.directory import DirectoryIdentity
from adherents.accounts.models.factor_requests import FactorRequest, FactorRequestQuerySet
from adherents.accounts.models.sessions import EndedSession, Session, SessionEndReason, SessionQuerySet
from adherents.accounts.models.tokens import ResetRequest, UsedToken

__all__ = [
    "AGENT_ROLES", "NEVER_WARNED", "REPORTS", "RETIRED", "SETS_A_PASSWORD", "SYSTEMS", "AccessLink", "AccessLinkQuerySet",
    "Account", "AccountQuerySet",
    "DirectoryIdentity", "EndedSession", "FactorRequest", "FactorRequestQuerySet", "FormerPassword", "KnownDevice", "Purpose",
    "RateCounter", "RateCounterQuerySet", "ResetRequest",
    "Role", "Session", "SessionEndReason", "SessionQuerySet", "SignInCounter", "SignInCounterQuerySet", "UsedToken",
    "normalise_identifier",
]  # fmt: skip
