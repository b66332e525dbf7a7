"""The rules of account life as pure functions: no database, no clock, no web.

May this password be set? What does this try do? May this account sign in? The services ask here and write down the answer;
a state machine in the tests drives the same functions through any order of events against a plain model of the rules.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Weakness(StrEnum):
    """Why a password may not be set. The values are what the page's list of criteria is keyed by."""

    TOO_SHORT = "length"
    TOO_LONG = "max_length"
    NO_LOWERCASE = "lowercase"
    TOO_FEW_CLASSES = "classes"
    PERSONAL = "personal"
    COMMON = "common"
    ALREADY_USED = "history"


@dataclass(frozen=True)
class PasswordRules:
    """What the insurer asks of a password (G2). `classes_required` counts digit, special and uppercase."""

    min_length: int
    max_length: int
    lowercase_required: bool
    classes_required: int


@dataclass(frozen=True)
class LockRules:
    """How many wrong passwords in a row lock, and for how long (G11)."""

    tries: int
    duration: timedelta

    def end_of(self, locked_at: datetime) -> datetime:
        """When a lock of that moment ends."""
        return locked_at + self.duration


class Gate(StrEnum):
    """What stands in front of a try."""

    OPEN = "open"
    WAIT = "wait"  # locked: nothing is tried, nothing is reset
    RESET = "reset"  # the wait is over, but only a new password opens


@dataclass(frozen=True)
class Counter:
    """Wrong passwords in a row, and since when they lock."""

    failures: int = 0
    locked_at: datetime | None = None


class Standing(StrEnum):
    """Where an account is in its life, as agents and the member's own pages see it."""

    NEVER_CONNECTED = "never_connected"
    ACTIVE = "active"
    LOCKED = "locked"
    EXPIRED = "expired"
    CLOSED = "closed"


class SignInOutcome(StrEnum):
    """What a try to sign in ends with."""

    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    LOCKED = "locked"
    EXPIRED = "expired"


def normalise_password(typed: str) -> str:
    """The one form in which a password is checked, hashed and compared: NFC (a Mac types é as two characters)."""
    return unicodedata.normalize("NFC", typed)


# A letter to Unicode, a special character to the guide, and a key of every French keyboard.
_SPECIAL_LETTERS = "µ"


def character_classes(password: str) -> set[str]:
    """Which of digit, special and uppercase the password holds. Special: printable, not letter, not digit, not space."""
    classes = set()
    for character in password:
        if character.isdigit():
            classes.add("digit")
        elif character.isupper():
            classes.add("uppercase")
        elif character in _SPECIAL_LETTERS or (
            character.isprintable() and not character.isalnum() and not character.isspace()
        ):
            classes.add("special")
    return classes


def weaknesses(
    password: str, rules: PasswordRules, *, personal: Iterable[str] = (), is_common: Callable[[str], bool]
) -> list[Weakness]:
    """Every reason why this (normalised) password may not be set, history apart; empty when it may (G2)."""
    reasons = []
    if len(password) < rules.min_length:
        reasons.append(Weakness.TOO_SHORT)
    if len(password) > rules.max_length:
        reasons.append(Weakness.TOO_LONG)
    if rules.lowercase_required and not any(character.islower() for character in password):
        reasons.append(Weakness.NO_LOWERCASE)
    if len(character_classes(password)) < rules.classes_required:
        reasons.append(Weakness.TOO_FEW_CLASSES)
    if is_personal(password, personal):
        reasons.append(Weakness.PERSONAL)
    if is_common(password):
        reasons.append(Weakness.COMMON)
    return reasons


def is_personal(password: str, personal: Iterable[str]) -> bool:
    """True when little is left of the password once the person's own words are taken out of it."""
    bare = _bare(password)
    for word in sorted({_bare(word) for word in personal}, key=len, reverse=True):
        if len(word) >= 4:
            bare = bare.replace(word, "")
    return len(bare) < 6 and bare != _bare(password)


def _bare(text: str) -> str:
    """Lower-case letters and digits without accents: « Éva-1954 » and « eva1954 » are one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]", "", decomposed)


def gate(counter: Counter, now: datetime, rules: LockRules) -> Gate:
    """Whether a password may be tried, and if not, what is to be done (G11)."""
    if counter.locked_at is None:
        return Gate.OPEN
    return Gate.WAIT if now < rules.end_of(counter.locked_at) else Gate.RESET


def locked_until(counter: Counter, rules: LockRules) -> datetime | None:
    """When the wait ends (it may be past), or None when nothing locks."""
    return counter.locked_at and rules.end_of(counter.locked_at)


def take_try(counter: Counter, now: datetime, rules: LockRules) -> Counter:
    """Count a try before it is made. The last one allowed locks at once: only its being right unlocks it again."""
    if gate(counter, now, rules) is not Gate.OPEN:
        raise ValueError("nothing may be tried")
    failures = counter.failures + 1
    return replace(counter, failures=failures, locked_at=now if failures >= rules.tries else None)


def is_expired(password_changed_at: datetime | None, now: datetime, renewal: timedelta | None) -> bool:
    """Whether the password is past its renewal (G4); `renewal` None switches renewal off."""
    if renewal is None or password_changed_at is None:
        return False
    return now >= password_changed_at + renewal


def outcome(
    *, right: bool, closed: bool, expired: bool, locked_meanwhile: bool, locks: bool
) -> SignInOutcome:
    """What a try that was made ends with. A closed account answers as if the password were wrong."""
    if not right or closed:
        return SignInOutcome.LOCKED if locks else SignInOutcome.REFUSED
    if locked_meanwhile:
        return SignInOutcome.LOCKED
    return SignInOutcome.EXPIRED if expired else SignInOutcome.SIGNED_IN


def standing(*, has_password: bool, closed: bool, counter: Counter, expired: bool) -> Standing:
    """One word for where the account is, the strongest first."""
    if closed:
        return Standing.CLOSED
    if not has_password:
        return Standing.NEVER_CONNECTED
    if counter.locked_at is not None:
        return Standing.LOCKED
    return Standing.EXPIRED if expired else Standing.ACTIVE


def same_birth_date(claimed: str, on_file: str) -> bool:
    """Whether AAAA-MM-JJ claimed is the date on file. A day or month that the file does not know (00) may be anything."""
    mine, theirs = claimed.split("-"), on_file.split("-")
    if len(mine) != 3 or len(theirs) != 3 or mine[0] != theirs[0] or theirs[0] == "0000":
        return False
    return all(known in ("00", part) for part, known in zip(mine[1:], theirs[1:], strict=True))
