"""What waits for the member: shown first on the home page."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.models import Document, DocumentQuerySet, Sending, SetAside, State
from adherents.vault.replies import add_replies

SHOWN_AT_MOST = 3
MENDABLE = [
    SetAside.UNREADABLE,
    SetAside.ENCRYPTED,
    SetAside.TOO_LARGE,
    SetAside.LOCKED,
    SetAside.FORM_ONLY,
]


@dataclass
class ToSendAgain:
    """A document that did not do, with its reply. `failed`: what was sent in its stead and could not be opened."""

    document: Document
    failed: Document | None = None

    @property
    def why(self) -> str:
        """In words, where no agent said it: « Il est protégé par un mot de passe. »"""
        if self.document.reply:
            return ""
        words: dict[str, str] = {
            SetAside.UNREADABLE: _("Nous n’arrivons pas à le lire."),
            SetAside.ENCRYPTED: _("Il est protégé par un mot de passe."),
            SetAside.TOO_LARGE: _("Il est trop grand pour être ouvert."),
            SetAside.LOCKED: _("Il est verrouillé, et ne s’ouvre que pour son destinataire."),
            SetAside.FORM_ONLY: _("Son contenu ne s’affiche que dans un logiciel comme Adobe Acrobat."),
            State.INCOMPLETE: _("Il est à compléter."),
        }
        return words.get(self.document.set_aside or self.document.state, _("Il n’a pas pu être accepté."))

    @property
    def pressing(self) -> tuple[int, date]:
        """The worst sorts first: late, refused, to complete by the nearest day, then what could not be opened."""
        reply, sent = self.document.reply, timezone.localdate(self.document.at)
        if reply and reply.until:
            return (0 if reply.is_late else 2), reply.until
        return {State.REFUSED: 1, State.INCOMPLETE: 3}.get(State(self.document.state), 4), sent


@dataclass(frozen=True)
class Waiting:
    """Documents to send again, the worst first, and in how many days the password ends (None: not soon, or never).

    `unsent`: sendings whose files arrived and were never sent, the nearest end first.
    """

    documents: list[ToSendAgain]
    password_days: int | None
    unsent: list[Sending] = field(default_factory=list)

    @property
    def shown(self) -> list[ToSendAgain]:
        return self.documents[:SHOWN_AT_MOST]

    @property
    def has_more(self) -> bool:
        return len(self.documents) > SHOWN_AT_MOST


def waiting_for(
    *, member: Member, account: Account, beside: list[Document] | None = None, unsent: bool = False
) -> Waiting:
    """What to show first, with the sendings that wait where there are some (`unsent`). Two queries, or three.

    `beside` are the page's other documents, which get their replies with them.
    """
    found = list(_to_send_again(member))
    add_replies([*found, *(beside or [])])
    return Waiting(
        documents=_worst_first(found),
        password_days=_days_left(account),
        unsent=_unsent(member) if unsent else [],
    )


def _unsent(member: Member) -> list[Sending]:
    return list(Sending.objects.of(member).with_files().order_by("expires_at")[:SHOWN_AT_MOST])


def _worst_first(found: list[Document]) -> list[ToSendAgain]:
    """What could not be opened, and was sent in the stead of one that waits, is told with that one and not by itself."""
    waiting = {one.pk: ToSendAgain(one) for one in found if one.is_asked_again}
    for one in found:
        asked = waiting.get(one.answers_id) if one.answers_id and one.set_aside else None
        if asked and waiting.pop(one.pk, None):
            asked.failed = asked.failed or one
    return sorted(waiting.values(), key=lambda again: again.pressing)


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


def _to_send_again(member: Member) -> DocumentQuerySet:
    """Newest first. Refused or to complete, until a document that answers it is sent; what could not be opened, until one of
    the same kind comes for the same person.
    """
    sent_since = Document.objects.filter(
        Q(beneficiary=OuterRef("beneficiary")) | Q(beneficiary=None),
        member=member,
        kind=OuterRef("kind"),
        at__gt=OuterRef("at"),
    )
    decided = Q(state__in=[State.REFUSED, State.INCOMPLETE])
    unopened = Q(~Exists(sent_since), set_aside__in=MENDABLE)
    found = Document.objects.of(member).replaceable().with_what_is_shown().with_answers()
    return found.filter(decided | unopened, answered_at=None)
