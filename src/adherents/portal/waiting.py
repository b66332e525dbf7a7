"""What waits for the member: shown first on the home page."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Origin

SHOWN_AT_MOST = 3


@dataclass(frozen=True)
class ToSendAgain:
    """A document that did not do. `why`: « il est à compléter »."""

    document: Document
    why: str


@dataclass(frozen=True)
class Waiting:
    """Documents to send again, and in how many days the password ends (None: not soon, or never)."""

    documents: list[ToSendAgain]
    password_days: int | None


def waiting_for(*, member: Member, account: Account) -> Waiting:
    """What to show first. One query."""
    documents = [ToSendAgain(document, _why(document)) for document in _to_send_again(member)[:SHOWN_AT_MOST]]
    return Waiting(documents=documents, password_days=_days_left(account))


def password_days(account: Account) -> int | None:
    """Whole days before the password must be renewed (G4); None where renewal is off.

    Never more than the renewal itself: late in a winter's evening, 180 days end after a summer's midnight.
    """
    if account.renewal_at is None:
        return None
    days = (timezone.localdate(account.renewal_at) - timezone.localdate()) // timedelta(days=1)
    return min(max(days, 0), profile().password.renewal_days)


def _days_left(account: Account) -> int | None:
    days = password_days(account)
    notices = profile().password.renewal_notice_days
    return days if days is not None and notices and days <= max(notices) else None


def _why(document: Document) -> str:
    words: dict[str, str] = {
        SetAside.UNREADABLE: _("nous n’arrivons pas à le lire"),
        SetAside.ENCRYPTED: _("il est protégé par un mot de passe"),
        SetAside.TOO_LARGE: _("il est trop grand pour être ouvert"),
        State.INCOMPLETE: _("il est à compléter"),
    }
    return words.get(document.set_aside or document.state, _("il n’a pas pu être accepté"))


def _to_send_again(member: Member) -> QuerySet[Document]:
    """Refused, incomplete or unreadable, with nothing of the same kind for the same person sent since."""
    sent_since = Document.objects.filter(
        Q(beneficiary=OuterRef("beneficiary")) | Q(beneficiary=None),
        member=member,
        kind=OuterRef("kind"),
        at__gt=OuterRef("at"),
    )
    unusable = Q(state__in=[State.REFUSED, State.INCOMPLETE]) | Q(
        set_aside__in=[SetAside.UNREADABLE, SetAside.ENCRYPTED, SetAside.TOO_LARGE]
    )
    sent = Document.objects.of(member).exclude(origin=Origin.MESSAGE).kept().with_what_is_shown()
    return sent.filter(unusable, ~Exists(sent_since))
