"""What is said of an engine, and how bad it is. No password is ever in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from adherents.config import environment

APART_BADLY = timedelta(
    seconds=30
)  # a step of the codes of a second factor; S3 refuses beyond fifteen minutes
APART = timedelta(seconds=5)
ENDS_SOON = timedelta(days=21)
WITH_PASSWORDS = ("DATABASE_URL", "DATABASE_READER_URL", "STORAGE_URL", "CACHE_URL", "EMAIL_URL")


class Gravity(StrEnum):
    """`ABSENT`: not set, or nothing to ask; no fault of anybody's."""

    OK = "ok"
    ABSENT = "none"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence about an engine; `hint`: what to do about it."""

    gravity: Gravity
    words: str
    hint: str = ""


Remarks = Iterator[Remark]


def ok(words: str) -> Remark:
    return Remark(Gravity.OK, words)


def absent(words: str) -> Remark:
    return Remark(Gravity.ABSENT, words)


def warning(words: str, hint: str = "") -> Remark:
    return Remark(Gravity.WARNING, words, hint)


def fault(words: str, hint: str = "") -> Remark:
    return Remark(Gravity.FAULT, words, hint)


def about_clocks(whose: str, theirs: datetime, before: datetime, after: datetime) -> Remarks:
    """Whether their clock, read between `before` and `after` of ours, is another than ours. A second of theirs may be cut off."""
    ahead, behind = theirs - after, before - theirs - timedelta(seconds=1)
    apart = max(ahead, behind)
    if apart < APART:
        return
    words = (
        f"The clock of {whose} is {round(apart.total_seconds())} s {'ahead of' if apart == ahead else 'behind'} "
        "this machine's."
    )
    hint = "Let both follow a time server (timedatectl, chronyc tracking)."
    yield fault(words, hint) if apart >= APART_BADLY else warning(words, hint)


def about_certificate(ends_at: datetime, now: datetime) -> Remarks:
    """Whether the server's certificate ends soon. One that has ended was refused before."""
    if ends_at - now < ENDS_SOON:
        yield warning(f"The server's certificate ends on {ends_at:%Y-%m-%d}.", "Renew it.")


def without_secrets(words: str) -> str:
    """The words without any password of the settings, as it was given or decoded: a library may have quoted one."""
    for name in WITH_PASSWORDS:
        given = urlsplit(environment.text(name))
        for secret in {given.password or "", unquote(given.password or "")} - {""}:
            words = words.replace(secret, "…")
    return " ".join(words.split())
