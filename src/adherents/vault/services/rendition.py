"""The worker's chain on a document: scanned where there is an antivirus, then drawn, which is also how it is checked.

What is infected or cannot be drawn is set aside, never shown; what could not be scanned waits. Members come in turn, and what
takes long goes behind what does not (`models/turns.py`, `services/budget.py`).
"""

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.inspection import antivirus
from adherents.inspection.antivirus import NotScanned, ScanTookTooLong, Unscanned, Verdict
from adherents.inspection.file_type import PDF
from adherents.inspection.rasteriser import Fault, process
from adherents.inspection.rasteriser.process import (
    CannotBeDrawn,
    DrawingFailed,
    DrawingServiceAway,
    OutOfTime,
)
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import Altered, clear_bytes
from adherents.storage.services import claim, release
from adherents.telemetry import metrics
from adherents.vault import mails
from adherents.vault.models import Document, DrawingTurn, GatheredPhoto, Page, SetAside, State, Thumbnail
from adherents.vault.origins import Origin
from adherents.vault.services.budget import Budget
from adherents.vault.services.following import follow, lock_whole
from adherents.vault.services.gathering import (
    DrawnPhotos,
    PhotoAltered,
    PhotoCannotBeDrawn,
    PhotoOutOfTime,
    gather,
)
from adherents.vault.services.pages import sealed_pages, sealed_thumbnail
from adherents.work.services import do_each

TRIES = 3
LEASE_SECONDS = 300  # longer than a scan and a drawing may take together
ROUND_SECONDS = 15
NOTICED = timedelta(seconds=1)  # a shorter drawing does not change the member's turn
LONGEST_WAIT = timedelta(minutes=15)  # for an antivirus that is away: it may be back at any time
_GONE = {Unscanned.AWAY, Unscanned.SLOW}
SCAN_FIELDS = ["scanned_at", "scanned_by", "threat", "unscanned"]
FILE_FIELDS = ["storage_name", "wrapped_key", "size", "sha256"]
_REASONS = {
    Fault.UNREADABLE: SetAside.UNREADABLE,
    Fault.ENCRYPTED: SetAside.ENCRYPTED,
    Fault.TOO_LARGE: SetAside.TOO_LARGE,
    Fault.LOCKED: SetAside.LOCKED,
    Fault.FORM_ONLY: SetAside.FORM_ONLY,
}


def draw_due(limit: int = 4, *, slow: bool = False) -> int:
    """Treat the documents that are due, one at a time. Returns how many were tried. `slow`: those of the lane of long drawings.

    A round ends early when the antivirus or the drawing service is away, or when it has been long.
    """
    ends = time.monotonic() + ROUND_SECONDS
    unscanned: list[Unscanned | None] = []
    for done in range(limit):
        if not process.is_there():
            return done
        claimed = Document.objects.filter(slow=slow).claim_due(limit=1, lease_seconds=LEASE_SECONDS)
        if not claimed:
            return done
        do_each(claimed, lambda document: unscanned.append(_treat_in_turn(document)))
        if _GONE.intersection(unscanned) or time.monotonic() > ends:
            return done + 1
    return limit


def _treat_in_turn(document: Document) -> Unscanned | None:
    """Treat the document. The member's next one comes after one of each other waiting member, or later if this one took long."""
    began, in_turn = time.monotonic(), document.origin != Origin.INSURER
    if in_turn:
        DrawingTurn.put_off(document.member_id, timezone.now())
    try:
        return treat(document)
    finally:
        seconds = time.monotonic() - began
        metrics.DRAWING.labels("long-drawings" if document.slow else "drawings").observe(seconds)
        took = timedelta(seconds=seconds)
        if in_turn and took > NOTICED:
            DrawingTurn.put_off(document.member_id, timezone.now() + took)


def treat(document: Document) -> Unscanned | None:
    """Scan and draw a document that this worker has claimed; its row says how it ended, the answer why it was not scanned.

    No page shows before the document is clean and all of its pages are sealed and stored. A document that takes longer than a
    short time goes behind the others, once; if it then still computes at its time limit, it is set aside. If the process dies
    three times, the document is set aside as unreadable. A storage, an antivirus or a drawing service that does not answer is
    tried again without end.
    """
    budget = Budget.of(document)
    try:
        if _wants_scanning(document) and not _scan(document, budget):
            return None
        drawn = _draw(document, budget)
        thumbnail = sealed_thumbnail(document, drawn.pages)
    except ScanTookTooLong as error:
        _wait_for_antivirus(document, error.why, put_behind=not document.slow)
        return error.why if document.slow else None
    except NotScanned as error:
        _wait_for_antivirus(document, error.why)
        return error.why
    except CannotBeDrawn as error:
        photo = error.photo if isinstance(error, PhotoCannotBeDrawn) else None
        _set_aside(document, _REASONS[error.fault], photo=photo)
    except Altered as error:
        photo = error.photo if isinstance(error, PhotoAltered) else None
        _set_aside(document, SetAside.ALTERED, code=error.code, photo=photo)
    except DrawingServiceAway:
        _later(document, counted=False)
    except DrawingFailed as error:
        out_of_time = isinstance(error, OutOfTime)
        if out_of_time and not document.slow:
            _put_behind(document)
        elif isinstance(error, OutOfTime) and error.computing:
            photo = error.photo if isinstance(error, PhotoOutOfTime) else None
            _set_aside(document, SetAside.UNREADABLE, photo=photo)
        elif document.attempts >= TRIES:
            _set_aside(document, SetAside.UNREADABLE)
        else:
            _later(document)
    except StorageFailed:
        _later(document)
    else:
        _checked(document, drawn, thumbnail)
    return None


def _wants_scanning(document: Document) -> bool:
    """Whether to scan. Once is enough, but an infected document is scanned again: a signature may have been corrected."""
    return bool(document.threat) or (antivirus.is_set() and document.scanned_at is None)


def _scan(document: Document, budget: Budget) -> bool:
    """Whether it is clean. The row keeps the answer. Raises `NotScanned`, `Altered`, `StorageFailed`, `DrawingFailed`."""
    if not antivirus.is_set():
        raise NotScanned(Unscanned.AWAY)
    for file in document.sent_files:
        document.keep_lease(LEASE_SECONDS)
        verdict = antivirus.scan(clear_bytes(file), seconds=budget.scan_seconds)
        if not verdict.threat and file.content_type == PDF:
            verdict = _scan_what_it_carries(document, budget) or verdict
        if verdict.threat:
            photo = file if isinstance(file, GatheredPhoto) else None
            _set_aside(document, SetAside.INFECTED, verdict=verdict, photo=photo)
            return False
    with transaction.atomic():
        row = _still_ours(document)
        if row is None:
            return False
        _note(verdict, row)
        row.attempts = 1  # those that waited for the antivirus were no attempts to draw
        row.save(update_fields=[*SCAN_FIELDS, "attempts"])
    document.attempts = 1
    return document.keep_lease(LEASE_SECONDS)


def _scan_what_it_carries(document: Document, budget: Budget) -> Verdict | None:
    """The first of a PDF's attached files that is not clean. clamd unpacks many of them by itself, and not each."""
    with budget.drawing(document, unpack=True) as drawing:
        for file in drawing.files(clear_bytes(document)):
            document.keep_lease(LEASE_SECONDS)
            verdict = antivirus.scan([file], seconds=budget.scan_seconds)
            if verdict.threat:
                return verdict
    return None


def _note(verdict: Verdict, row: Document) -> None:
    row.scanned_at, row.unscanned = timezone.now(), ""
    row.scanned_by, row.threat = verdict.engine[:120], verdict.threat[:200]


def _draw(document: Document, budget: Budget) -> DrawnPhotos:
    if not document.has_its_file:
        return gather(document, lease_seconds=LEASE_SECONDS, drawing=budget.drawing)
    with budget.drawing(document) as drawing:
        count = drawing.feed(clear_bytes(document))
        return DrawnPhotos(count, sealed_pages(document, count, drawing.pages()))


def _checked(document: Document, drawn: DrawnPhotos, thumbnail: Thumbnail | None = None) -> None:
    with transaction.atomic():
        lock_whole(document)
        row = _still_ours(document)
        if row is None:
            return  # another worker has it; what was drawn here is swept
        _drop_pages(row)
        claim([page.storage_name for page in drawn.pages])
        Page.objects.bulk_create(drawn.pages)
        if thumbnail is not None:
            claim([thumbnail.storage_name])
            thumbnail.save(force_insert=True)
        if drawn.file is not None:
            _now_has_its_file(row, drawn)
        now = timezone.now()
        row.page_count, row.checked_at, row.set_aside, row.unscanned = drawn.count, now, "", ""
        row.blank_pages = [page.number for page in drawn.pages if page.is_blank]
        if row.state == State.RECEIVED:
            row.state, row.state_at = State.CHECKED, now
        row.work_done()
        row.save(
            update_fields=[
                *Document.WORK_FIELDS,
                *FILE_FIELDS,
                "page_count",
                "blank_pages",
                "checked_at",
                "set_aside",
                "unscanned",
                "state",
                "state_at",
            ]
        )
        follow(row)
        _count("drawn")
        record(Event.DOCUMENT_CHECKED, subject=row.subject, owner=row.owner, pages=drawn.count)
        announce(EventType.DOCUMENT_CHECKED, subject=row.subject, owner=row.owner, pages=drawn.count)


def _now_has_its_file(row: Document, drawn: DrawnPhotos) -> None:
    """Make the PDF that was made of its photos the document's file, for good."""
    made = drawn.file
    assert made is not None
    claim([made.storage_name])
    row.storage_name, row.wrapped_key = made.storage_name, made.wrapped_key
    row.size, row.sha256 = made.size, made.sha256
    row.photos.update(set_aside="")
    record(
        Event.DOCUMENT_GATHERED,
        subject=row.subject,
        owner=row.owner,
        photos=row.photo_count,
        pages=drawn.count,
        size=made.size,
        sha256=made.sha256,
    )


def _set_aside(
    document: Document,
    reason: SetAside,
    code: str = "",
    verdict: Verdict | None = None,
    photo: GatheredPhoto | None = None,
) -> None:
    with transaction.atomic():
        lock_whole(document)
        row = _still_ours(document)
        if row is None:
            return
        if row.photo_count:
            row.photos.update(set_aside="")
        if photo is not None:
            row.photos.filter(pk=photo.pk).update(set_aside=reason)
        known_already = row.set_aside == reason
        row.set_aside = reason
        row.work_done()
        if verdict is not None:
            _note(verdict, row)
            _drop_pages(row)
        row.save(
            update_fields=[*Document.WORK_FIELDS, *SCAN_FIELDS, "set_aside", "page_count", "blank_pages"]
        )
        follow(row)
        _count("set_aside")
        if reason == SetAside.ALTERED:
            which: dict[str, Any] = {"photo": photo.number} if photo else {}
            record(Event.DOCUMENT_ALTERED, subject=row.subject, owner=row.owner, code=code, **which)
        if reason == SetAside.INFECTED:
            threat = {"threat": row.threat, "engine": row.scanned_by}
            record(Event.DOCUMENT_INFECTED, subject=row.subject, owner=row.owner, **threat)
        record(Event.DOCUMENT_SET_ASIDE, subject=row.subject, owner=row.owner, code=reason.value)
        if known_already:
            return
        if reason == SetAside.INFECTED:
            mails.refused_for_safety(row)
        elif reason != SetAside.ALTERED:
            # A fault of the service is for the service to tell, once it knows more.
            mails.cannot_be_read(row)


def _drop_pages(row: Document) -> None:
    release([*row.pages.all(), *Thumbnail.objects.filter(document=row)])
    row.pages.all().delete()
    Thumbnail.objects.filter(document=row).delete()
    row.page_count, row.blank_pages = None, []


def _wait_for_antivirus(document: Document, why: Unscanned, *, put_behind: bool = False) -> None:
    with transaction.atomic():
        row = _still_ours(document)
        if row is None:
            return
        if row.unscanned != why:
            record(Event.DOCUMENT_UNSCANNED, subject=row.subject, owner=row.owner, code=why.value)
        row.unscanned = why
        row.work_later()
        assert row.next_attempt_at is not None
        row.next_attempt_at = min(row.next_attempt_at, timezone.now() + LONGEST_WAIT)
        if put_behind:
            row.slow, row.next_attempt_at = True, timezone.now()
        row.save(update_fields=[*Document.WORK_FIELDS, "unscanned", "slow"])
        _count("put_off")


def _put_behind(document: Document) -> None:
    """The document took too long: put it behind the others. This try does not count as an attempt."""
    with transaction.atomic():
        row = _still_ours(document)
        if row is not None:
            row.work_later()
            row.slow, row.next_attempt_at, row.attempts = True, timezone.now(), 0
            row.save(update_fields=[*Document.WORK_FIELDS, "slow"])
            _count("put_off")


def _later(document: Document, *, counted: bool = True) -> None:
    """Again after a while. `counted`: this was one of the attempts after which the document is set aside."""
    with transaction.atomic():
        row = _still_ours(document)
        if row is not None:
            row.work_later()
            if not counted:
                row.attempts = max(row.attempts - 1, 0)
            row.save(update_fields=Document.WORK_FIELDS)
            _count("put_off")


def _count(outcome: str) -> None:
    """In the transaction that ends an attempt."""
    transaction.on_commit(metrics.DRAWINGS.labels(outcome).inc)


def _still_ours(document: Document) -> Document | None:
    """The row, locked, if the lease under which it was drawn still holds."""
    current: Document | None = (
        Document.objects.select_for_update().filter(pk=document.pk, lease=document.lease).first()
    )
    return current
