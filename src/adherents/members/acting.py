"""Who acts, on whose file, and what they may do there: each page of a member begins with it.

Today the person who acts is always the one whose file it is. Only this module reads which member an account is of. When one
person may act for another, only this module changes: the journal and the pages name both already.
"""

import enum
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied

from adherents.accounts.models import Account
from adherents.members.models import Member


class May(enum.Enum):
    """What may be done on a file."""

    READ = "read"
    SEND = "send"
    TAKE_BACK = "take_back"
    EXPORT = "export"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Acting:
    """`person` acts on the documents, receipts and messages of `file`."""

    person: Member
    file: Member
    rights: frozenset[May]

    @property
    def actor(self) -> str:
        """How the journal names who did it."""
        return self.person.subject

    def check(self, *wanted: May) -> None:
        """Raises `PermissionDenied`."""
        if not self.rights.issuperset(wanted):
            raise PermissionDenied


def on_own_file(member: Member) -> Acting:
    """Everything is permitted to a person on their own file."""
    return Acting(person=member, file=member, rights=frozenset(May))


def acting_for(account: Account) -> Acting | None:
    """Who acts when this account is signed in; None once the register has let go of it. The member came with the account."""
    member: Member | None = getattr(account, "member", None)
    return on_own_file(member) if member else None
