"""Adding to the journal, and proving that it was not rewritten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC

from django.db import transaction
from django.utils import timezone

from adherents.database.streaming import one_moment
from adherents.journal.events import Event
from adherents.journal.models import Entry, Head
from adherents.journal.subjects import SubjectKind, kind_of

Detail = str | int | bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event that is about to be written, without its subject."""

    event: Event
    actor: str = "system"
    owner: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)


def record(event: Event, *, subject: str, actor: str = "system", owner: str = "", **details: Detail) -> None:
    """Chain one event to its subject's journal, in the caller's transaction.

    `actor` did it; `owner` is the member whose file it is about, where the subject is not that member. All three are plain
    identifiers (`account:12`, `document:<uuid>`); `details` hold codes and counts, never a name, an address, a number of a
    person or a document's words. An agent's `reason` is the one free text.
    """
    record_each(Occurrence(event, actor, owner, details), subject=subject)


def record_each(*events: Occurrence, subject: str) -> None:
    """As `record`, several events that happened at once, in their order: the chain is locked once."""
    with transaction.atomic(savepoint=False):
        heads = Head.objects.filter(pk=subject)
        held = heads.select_for_update().values_list("sequence", "digest")
        last = list(held)
        if not last:
            Head.objects.bulk_create([Head(subject=subject)], ignore_conflicts=True)
            last = list(held.all())
        [(sequence, digest)] = last
        for occurrence in events:
            sequence += 1
            entry = Entry(
                subject=subject,
                sequence=sequence,
                at=timezone.now().astimezone(UTC),
                event=occurrence.event.value,
                actor=occurrence.actor,
                owner=occurrence.owner or (subject if kind_of(subject) == SubjectKind.MEMBER else ""),
                details=occurrence.details,
            )
            digest = entry.digest = entry.computed_digest(digest)
            entry.save(force_insert=True)
        heads.update(sequence=sequence, digest=digest)


def broken_chains() -> Iterator[str]:
    """A sentence for each chain that was rewritten, cut or emptied. Streams: memory does not grow with the journal."""
    with one_moment():
        yield from _broken_chains()


def _broken_chains() -> Iterator[str]:
    heads = Head.objects.order_by("subject").iterator()
    entries = Entry.objects.order_by("subject", "sequence").iterator()
    entry = next(entries, None)
    for head in heads:
        while entry is not None and entry.subject < head.subject:
            yield f"{entry.subject}: entry {entry.sequence} belongs to no chain"
            entry = next(entries, None)
        previous, expected, broken = "", 1, False
        while entry is not None and entry.subject == head.subject:
            at = entry.at.astimezone(UTC)
            entry.at = at
            if not broken and (entry.sequence != expected or entry.digest != entry.computed_digest(previous)):
                yield f"{head.subject}: the chain breaks at entry {expected}"
                broken = True
            previous, expected = entry.digest, entry.sequence + 1
            entry = next(entries, None)
        if not broken and (head.sequence != expected - 1 or head.digest != previous):
            yield f"{head.subject}: {expected - 1} entries where the head says {head.sequence}"
    while entry is not None:
        yield f"{entry.subject}: entry {entry.sequence} belongs to no chain"
        entry = next(entries, None)
