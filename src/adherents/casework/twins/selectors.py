"""What an agent reads of twins and lookalikes: when they came, and what was decided about them. Nothing is written."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models import Decision, Outcome
from adherents.reading.selectors import proven_values, say_otherwise
from adherents.vault.models import Document
from adherents.vault.selectors.lookalikes import lookalikes_of
from adherents.vault.selectors.twins import twins_elsewhere, twins_of


@dataclass(frozen=True)
class Twin:
    """Another document that was sent as the same bytes, and the decision that stands about it, if there is one."""

    document: Document
    decision: Decision | None

    @property
    def is_accepted(self) -> bool:
        return self.decision is not None and self.decision.outcome == Outcome.ACCEPTED

    @property
    def can_be_compared(self) -> bool:
        """Whether it still has pages to look at."""
        return self.document.has_pages


@dataclass(frozen=True)
class SentBefore:
    """What the same member sent beside a document: the same bytes again, and what only looks like it."""

    same: list[Twin]
    alike: list[Twin]

    @property
    def compared(self) -> Twin | None:
        """What the key compares: the first in sight that still has pages."""
        return next((twin for twin in (*self.same[:1], *self.alike[:1]) if twin.can_be_compared), None)


def twins(document: Document) -> list[Twin]:
    """Those of the same member: what was accepted first, then what was decided at all, the latest first. One query where
    there is none.
    """
    return _with_decisions(twins_of(document))


def sent_before(document: Document) -> SentBefore:
    """Twins and lookalikes of the same member, each in the order of `twins`.

    A paper on the same form looks alike too: a lookalike is one to compare, and nothing is proposed because of it. It is none
    where both papers prove a value and the values differ.
    """
    same = twins(document)
    alike = lookalikes_of(document, beside={twin.document.pk for twin in same})
    if alike:
        read = proven_values([document, *alike])
        own = read.get(document.pk, {})
        alike = [other for other in alike if not say_otherwise(own, read.get(other.pk, {}))]
    return SentBefore(same, _with_decisions(alike))


def twins_of_others(document: Document, *, reader: Account) -> list[Twin]:
    """Those of other members: none for a reader who may not see signs of fraud."""
    if reader.role not in TABLE[Act.SEE_FRAUD_SIGNS]:
        return []
    return _with_decisions(twins_elsewhere(document))


def was_accepted_before(document: Document) -> bool:
    """Whether the same member sent the same bytes in another document, and it was accepted."""
    if document.joined_count:
        return all(map(was_accepted_before, document.joined_documents))
    return any(twin.is_accepted for twin in twins(document))


def may_be_compared(document: Document, other: Document, *, reader: Account) -> bool:
    """Two documents of one member; those of two members only where they are a sign of fraud, and for who may see it."""
    if document.member_id == other.member_id:
        return document.pk != other.pk
    return any(twin.document.pk == other.pk for twin in twins_of_others(document, reader=reader))


def decisions_about(documents: Sequence[Document]) -> dict[uuid.UUID, Decision]:
    """The decision that stands about each of these documents that has one; of what was joined, that of the whole. One query."""
    about = {document.pk: document.joined_into_id or document.pk for document in documents}
    standing = Decision.objects.standing().filter(item__document__in=set(about.values()))
    decisions = {row.item.document_id: row for row in standing.select_related("item", "agent")}
    return {key: decisions[whole] for key, whole in about.items() if whole in decisions}


def _with_decisions(documents: Sequence[Document]) -> list[Twin]:
    decisions = decisions_about(documents) if documents else {}
    found = [Twin(document, decisions.get(document.pk)) for document in documents]
    return sorted(found, key=lambda twin: (not twin.is_accepted, twin.decision is None))
