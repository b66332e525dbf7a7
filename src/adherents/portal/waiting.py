"""What waits for the member: shown first on the home page."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.casework.models import Decision
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.ui import moments
from adherents.vault.models import Document, Sending, SetAside, State
from adherents.vault.replies import add_replies

SHOWN_AT_MOST = 3
LATEST_DOCUMENTS, FEWEST_LATEST = 4, 2  # what waits takes the room of the latest documents, and leaves these
MENDABLE = [
    SetAside.UNREADABLE,
    SetAside.ENCRYPTED,
    SetAside.TOO_LARGE,
    SetAside.LOCKED,
    SetAside.FORM_ONLY,
]


@dataclass
class ToSendAgain:
    """A document that must be sent again, with its reply. `failed`: what was to replace it and could not be opened."""

    document: Document
    failed: Document | None = None

    @property
    def kind(self) -> str:
        """How it looks (`ui/elements/line.html`)."""
        return "refusal" if self.document.state == State.REFUSED else "warning"

    @property
    def icon(self) -> str:
        return "x-circle" if self.document.state == State.REFUSED else "exclamation-triangle"

    @property
    def label(self) -> str:
        """« Refusé : RIB »."""
        kind = {"kind": self.document.kind_label}
        if self.document.state == State.REFUSED:
            return _("Refusé : %(kind)s") % kind
        if self.document.state == State.INCOMPLETE:
            return _("À compléter : %(kind)s") % kind
        return _("À renvoyer : %(kind)s") % kind

    @property
    def text(self) -> str:
        """What is most urgent to know: until when, or that the last answer could not be opened, or else why."""
        if self.failed:
            return _("Votre envoi du %(day)s n’a pas pu être ouvert.") % {"day": moments.day(self.failed.at)}
        if reply := self.document.reply:
            return reply.deadline or reply.words
        return self.why

    @property
    def text_language(self) -> str:
        """The language of `text`, where it is not the page's."""
        reply = self.document.reply
        if self.failed or reply is None or reply.deadline or reply.language == (get_language() or "fr")[:2]:
            return ""
        return reply.language

    @property
    def why(self) -> str:
        """Why, in words, where no agent gave a reason: « Il est protégé par un mot de passe. »"""
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


@dataclass(frozen=True)
class Waiting:
    """The documents to send again, the worst first, the `shown` of all `count`, and in how many days the password ends (None:
    not soon, or never).

    `unsent`: sendings whose files arrived and were never sent, the nearest end first. `beside`: the page's other documents.
    """

    shown: list[ToSendAgain]
    count: int
    password_days: int | None = None
    beside: list[Document] = field(default_factory=list)
    unsent: list[Sending] = field(default_factory=list)

    @property
    def is_anything(self) -> bool:
        return bool(self.shown or self.unsent) or self.password_days is not None

    @property
    def has_more(self) -> bool:
        return self.count > len(self.shown)

    @property
    def latest(self) -> list[Document]:
        """The latest documents, as many as leave what waits in the same screen."""
        lines = len(self.shown) + bool(self.unsent) + (self.password_days is not None)
        return self.beside[: max(LATEST_DOCUMENTS - lines, FEWEST_LATEST)]


def all_to_send_again(member: Member) -> Waiting:
    """Every document to send again, and nothing else."""
    chosen = _chosen(member, most_again=10_000, most_beside=0)
    return Waiting(chosen.again, chosen.count)


def waiting_for(member: Member, account: Account) -> Waiting:
    """What to show first: the few worst of what is to be sent again, and the sendings that wait.

    Beside it the latest documents that are not to be sent again, whatever came with a message or was answered apart: a document
    that was answered goes on in its answer, and those that were joined in what was made of them. Four queries, however much there
    is, and another where a sending waits.
    """
    chosen = _chosen(member, most_again=SHOWN_AT_MOST, most_beside=LATEST_DOCUMENTS)
    return Waiting(chosen.again, chosen.count, _days_left(account), chosen.beside, _unsent(member))


def _unsent(member: Member) -> list[Sending]:
    return sorted(Sending.objects.of(member).that_wait(), key=lambda sending: sending.expires_at)


@dataclass(frozen=True)
class _Chosen:
    again: list[ToSendAgain]
    count: int
    beside: list[Document]


def _chosen(member: Member, *, most_again: int, most_beside: int) -> _Chosen:
    rows = _rows(member, most_again, most_beside)
    known = Document.objects.with_what_a_card_shows().in_bulk({key for row in rows for key in row.keys})
    add_replies(known.values())
    again = [row for row in rows if row.in_all]
    beside = [row for row in rows if not row.in_all]
    return _Chosen(
        again=[
            ToSendAgain(known[row.document], known[row.sent_instead] if row.sent_instead else None)
            for row in again
        ],
        count=again[0].in_all if again else 0,
        beside=[known[row.document] for row in beside],
    )


class _Row(NamedTuple):
    """A document to send again. `in_all`: how many there are; 0 for one that is shown beside it.

    `sent_instead`: the document that was to replace it and could not be opened.
    """

    in_all: int
    document: uuid.UUID
    sent_instead: uuid.UUID | None

    @property
    def keys(self) -> set[uuid.UUID]:
        return {self.document, self.sent_instead} if self.sent_instead else {self.document}


# Written by hand, because every visit begins here: the ORM loaded every unanswered refusal to count it, and took ten times as
# long for the same question as the database needs for the answer. A test compares it with what each document says of itself
# (`Document.is_asked_again`).
#
# `asked`: refused or to complete, until a document that answers it is sent; what could not be opened, until one of the same
# kind comes for the same person and stays, or one that can be opened answers what it was to answer. Then the worst first: late,
# refused, to complete by the nearest day, what could not be opened. A document that could not be opened, and was sent to replace
# one that waits, is shown with that one and not by itself. Of what an agent joined or split, what was sent is asked for. What is
# altered or infected is not asked for here: `MENDABLE`.
WAITS = """CASE WHEN document.set_aside = '' OR document.answers_id IS NULL
                THEN document.id ELSE document.answers_id END"""  # for which an answer counts (`Document.send_instead`)
CHOICE = """
WITH asked AS (
    SELECT document.id, document.answers_id, document.set_aside, document.at, document.rank, decision.until,
           CASE WHEN decision.until < %(today)s THEN 0
                WHEN decision.until IS NOT NULL THEN 2
                WHEN document.state = 'refused' THEN 1
                WHEN document.state = 'incomplete' THEN 3
                ELSE 4 END AS urgency
    FROM vault_document AS document
    LEFT JOIN casework_item AS item ON item.document_id = document.id
    LEFT JOIN casework_decision AS decision
        ON decision.item_id = item.id AND decision.undone_at IS NULL AND decision.settled_at IS NOT NULL
    WHERE document.member_id = %(member)s AND document.erased_at IS NULL AND document.origin = 'member'
      AND (document.state IN ('refused', 'incomplete') OR (
          document.set_aside IN ({mendable}) AND document.part_of_id IS NULL AND document.joined_count = 0))
      AND NOT (document.state NOT IN ('refused', 'incomplete') AND EXISTS (
          SELECT 1 FROM vault_document AS later
          WHERE later.member_id = %(member)s AND later.kind = document.kind AND later.at > document.at
            AND later.origin = 'member' AND later.state <> 'withdrawn'
            AND COALESCE(later.beneficiary_id, 0) = COALESCE(document.beneficiary_id, 0)))
      AND NOT EXISTS (
          SELECT 1 FROM vault_document AS answer
          WHERE answer.answers_id = {waits} AND answer.set_aside = '' AND answer.state <> 'withdrawn')
      AND (decision.id IS NULL OR (decision.outcome <> 'accepted' AND decision.reason NOT IN ({closing})))
), again AS (
    SELECT COUNT(*) OVER () AS in_all, id, (
               SELECT failed.id FROM vault_document AS failed
               WHERE failed.answers_id = asked.id AND failed.set_aside IN ({mendable})
               ORDER BY failed.at DESC, failed.id LIMIT 1) AS failed,
           ROW_NUMBER() OVER (ORDER BY urgency, until, at, rank, id) AS position
    FROM asked
    WHERE set_aside = '' OR answers_id IS NULL OR answers_id NOT IN (SELECT id FROM asked)
), beside AS (
    SELECT id, ROW_NUMBER() OVER (ORDER BY at DESC, rank, id) AS position
    FROM vault_document AS document
    WHERE member_id = %(member)s AND origin NOT IN ('message', 'answer') AND id NOT IN (SELECT id FROM asked)
      AND joined_at IS NULL AND split_at IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM vault_document AS answer
          WHERE answer.answers_id = {waits} AND answer.set_aside = '' AND answer.state <> 'withdrawn')
    ORDER BY at DESC, rank, id LIMIT %(most_beside)s
)
SELECT in_all, id, failed, position FROM again WHERE position <= %(most_again)s
UNION ALL
SELECT 0, id, NULL, position FROM beside
ORDER BY 4
"""


def _rows(member: Member, most_again: int, most_beside: int) -> list[_Row]:
    closing = sorted(Decision.closing_reasons()) or [""]  # every refusal has a reason
    named = {
        **{f"mendable_{rank}": code.value for rank, code in enumerate(MENDABLE)},
        **{f"closing_{rank}": code for rank, code in enumerate(closing)},
    }
    listed = {
        group: ", ".join(f"%({name})s" for name in named if name.startswith(group))
        for group in ("mendable", "closing")
    }
    with connection.cursor() as cursor:
        cursor.execute(
            CHOICE.format(waits=WAITS, **listed),
            named
            | {
                "member": member.pk,
                "today": connection.ops.adapt_datefield_value(timezone.localdate()),
                "most_again": most_again,
                "most_beside": most_beside,
            },
        )
        return [
            _Row(in_all, uuid.UUID(str(document)), uuid.UUID(str(instead)) if instead else None)
            for in_all, document, instead, _position in cursor.fetchall()
        ]


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
