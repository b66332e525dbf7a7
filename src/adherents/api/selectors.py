"""What the routes read. Nothing is written."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Prefetch, Q, prefetch_related_objects

from adherents.api.resources.documents import DocumentState, in_state
from adherents.casework.models import Decision
from adherents.members.intake.former_numbers import number_or_former
from adherents.vault.models import Document, DocumentQuerySet
from adherents.vault.origins import WITH_MESSAGE

COLUMNS = [
    "name", "content_type", "size", "sha256", "kind", "at", "state", "set_aside", "origin", "page_count", "photo_count",
    "erased_at", "checked_at", "threat", "member__number", "deposit__number", "deposit__channel",
    "deposit__received_on", "sent_as", "beneficiary__rank", "item__due_on",
    "first_page", "last_page", "split_at", "joined_into", "joined_count", "relocated_at", "part_of__size", "part_of__sha256",
    "part_of__set_aside", "part_of__erased_at", "part_of__threat",
]  # fmt: skip


def documents() -> DocumentQuerySet:
    """With what a program is told of each, in one query."""
    rows = Document.objects.select_related("member", "deposit", "beneficiary", "item", "part_of")
    chosen: DocumentQuerySet = rows.only(*COLUMNS)
    return chosen


def documents_after(
    *,
    after: tuple[datetime, uuid.UUID] | None,
    limit: int,
    state: DocumentState | None,
    kind: str,
    member: str,
    since: datetime | None,
) -> list[Document]:
    """The next `limit` documents in the order in which they came, through the filters that are given.

    What came or went with a message is not among them, unless its kind is asked for: nobody decides on it.
    """
    rows = documents()
    if kind:
        rows = rows.filter(kind=kind)
    else:
        rows = rows.exclude(origin__in=WITH_MESSAGE)
    if member:
        rows = rows.filter(member__number=number_or_former(member))
    if since is not None:
        rows = rows.filter(at__gte=since)
    if after is not None:
        at, pk = after
        # The first condition leads through the index; the second is exact.
        rows = rows.filter(at__gte=at).filter(Q(at__gt=at) | Q(pk__gt=pk))
    parts = [rows.filter(condition) for condition in in_state(state)] if state else [rows]
    found = [document for part in parts for document in part.order_by("at", "pk")[:limit]]
    shown = sorted(found, key=lambda document: (document.at, document.pk))[:limit]
    with_originals(shown)
    return shown


def with_originals(documents: Iterable[Document]) -> None:
    """Read what those of these documents that were made of others were made of: one query, where there are any."""
    named = Prefetch("joined_from", Document.objects.only("joined_into", "joined_rank"))
    prefetch_related_objects([document for document in documents if document.joined_count], named)


def settled_decisions(documents: Iterable[Document]) -> dict[uuid.UUID, Decision]:
    """The decision that stands for each of these documents, where its member was told. One query."""
    settled = Decision.objects.standing().filter(item__document__in=list(documents), settled_at__isnull=False)
    return {decision.about: decision for decision in settled.annotate(about=F("item__document_id"))}
