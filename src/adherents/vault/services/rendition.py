"""The worker's chain on a document: scanned where there is an antivirus, then drawn, which is also how it is checked.

What is infected or cannot be drawn is set aside, never shown; what could not be scanned waits.
"""

import io
import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from PIL import Image

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault import mails, scanning
from adherents.vault.content import PDF
from adherents.vault.drawing import Fault
from adherents.vault.drawing.process import CannotBeDrawn, Drawing, DrawingFailed, DrawnPage
from adherents.vault.models import Document, Page, SetAside, State, UnclaimedObject
from adherents.vault.objects import StorageFailed, fresh_name
from adherents.vault.scanning import NotScanned, Unscanned, Verdict
from adherents.vault.sealing import Sealer
from adherents.vault.services.arrival import disown, own
from adherents.vault.services.reading import Altered, clear_bytes
from adherents.work.services import do_each

TRIES = 3
JPEG_QUALITY = 82
LEASE_SECONDS = 300  # longer than a scan and a drawing may take together
ROUND_SECONDS = 15
LONGEST_WAIT = timedelta(minutes=15)  # for an antivirus that is away: it may be back at any time
_GONE = {Unscanned.AWAY, Unscanned.SLOW}
SCAN_FIELDS = ["scanned_at", "scanned_by", "threat", "unscanned"]
_REASONS = {
    Fault.UNREADABLE: SetAside.UNREADABLE,
    Fault.ENCRYPTED: SetAside.ENCRYPTED,
    Fault.TOO_LARGE: SetAside.TOO_LARGE,
}


def draw_due(limit: int = 4) -> int:
    """Treat what is due, one document at a time; how many were tried.

    A round ends early when the antivirus is away, or when it has been long: the worker also has mails to send.
    """
    ends = time.monotonic() + ROUND_SECONDS
    unscanned: list[Unscanned | None] = []
    for done in range(limit):
        claimed = Document.objects.claim_due(limit=1, lease_seconds=LEASE_SECONDS)
        if not claimed:
            return done
        do_each(claimed, lambda document: unscanned.append(treat(document)))
        if _GONE.intersection(unscanned) or time.monotonic() > ends:
            return done + 1
    return limit


def treat(document: Document) -> Unscanned | None:
    """Scan and draw a document that this worker has claimed; its row says how it ended, the answer why it was not scanned.

    Nothing shows before it is clean and all of its pages are sealed and stored. A process that dies is tried three times,
    then the document is set aside as unreadable; a storage or an antivirus that does not answer is tried for ever.
    """
    try:
        if _wants_scanning(document) and not _scan(document):
            return None
        count, pages = _draw(document)
    except NotScanned as error:
        _wait_for_antivirus(document, error.why)
        return error.why
    except CannotBeDrawn as error:
        _set_aside(document, _REASONS[error.fault])
    except Altered as error:
        _set_aside(document, SetAside.ALTERED, code=error.code)
    except DrawingFailed:
        if document.attempts >= TRIES:
            _set_aside(document, SetAside.UNREADABLE)
        else:
            _later(document)
    except StorageFailed:
        _later(document)
    else:
        _checked(document, count, pages)
    return None


def _wants_scanning(document: Document) -> bool:
    """Once is enough. What was found infected is asked about again: signatures are mended too."""
    return bool(document.threat) or (scanning.is_set() and document.scanned_at is None)


def _scan(document: Document) -> bool:
    """Is it clean? The row keeps the answer. Raises `NotScanned`, `Altered` or `StorageFailed`."""
    if not scanning.is_set():
        raise NotScanned(Unscanned.AWAY)
    verdict = scanning.scan(clear_bytes(document))
    if not verdict.threat and document.content_type == PDF:
        verdict = _scan_what_it_carries(document) or verdict
    if verdict.threat:
        _set_aside(document, SetAside.INFECTED, verdict=verdict)
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


def _scan_what_it_carries(document: Document) -> Verdict | None:
    """The first of a PDF's attached files that is not clean. clamd unpacks many of them by itself, and not each."""
    with Drawing(document.content_type, document.size, unpack=True) as drawing:
        for file in drawing.files(clear_bytes(document)):
            document.keep_lease(LEASE_SECONDS)
            verdict = scanning.scan([file])
            if verdict.threat:
                return verdict
    return None


def _note(verdict: Verdict, row: Document) -> None:
    row.scanned_at, row.unscanned = timezone.now(), ""
    row.scanned_by, row.threat = verdict.engine[:120], verdict.threat[:200]


def _draw(document: Document) -> tuple[int, list[Page]]:
    with Drawing(document.content_type, document.size) as drawing:
        count = drawing.feed(clear_bytes(document))
        return count, [_sealed_page(document, drawn) for drawn in drawing.pages()]


def _sealed_page(document: Document, drawn: DrawnPage) -> Page:
    page = Page(
        document=document,
        number=drawn.number,
        width=drawn.width,
        height=drawn.height,
        content_type="image/jpeg",
        storage_name=fresh_name(),
    )
    written = io.BytesIO()
    pixels = Image.frombytes("RGB", (drawn.width, drawn.height), drawn.pixels)
    pixels.save(written, "JPEG", quality=JPEG_QUALITY)
    UnclaimedObject.objects.create(storage_name=page.storage_name)
    sealer = Sealer(sealed_as=page.sealed_as, storage_name=page.storage_name)
    sealer.write(written.getvalue())
    sealed = sealer.commit()
    page.size, page.sha256, page.wrapped_key = sealed.size, sealed.sha256, sealed.wrapped_key
    return page


def _checked(document: Document, count: int, pages: list[Page]) -> None:
    with transaction.atomic():
        row = _still_ours(document)
        if row is None:
            return  # another worker has it; what was drawn here is swept
        _drop_pages(row)
        own([page.storage_name for page in pages])
        Page.objects.bulk_create(pages)
        now = timezone.now()
        row.page_count, row.checked_at, row.set_aside, row.unscanned = count, now, "", ""
        if row.state == State.RECEIVED:
            row.state, row.state_at = State.CHECKED, now
        row.work_done()
        row.save(
            update_fields=[
                *Document.WORK_FIELDS,
                "page_count",
                "checked_at",
                "set_aside",
                "unscanned",
                "state",
                "state_at",
            ]
        )
        record(Event.DOCUMENT_CHECKED, subject=row.subject, pages=count)


def _set_aside(document: Document, reason: SetAside, code: str = "", verdict: Verdict | None = None) -> None:
    with transaction.atomic():
        row = _still_ours(document)
        if row is None:
            return
        told = row.set_aside == reason
        row.set_aside = reason
        row.work_done()
        if verdict is not None:
            _note(verdict, row)
            _drop_pages(row)
        row.save(update_fields=[*Document.WORK_FIELDS, *SCAN_FIELDS, "set_aside", "page_count"])
        if reason == SetAside.ALTERED:
            record(Event.DOCUMENT_ALTERED, subject=row.subject, code=code)
        if reason == SetAside.INFECTED:
            found = {"threat": row.threat, "engine": row.scanned_by}
            record(Event.DOCUMENT_INFECTED, subject=row.subject, **found)
        record(Event.DOCUMENT_SET_ASIDE, subject=row.subject, code=reason.value)
        if told:
            return
        if reason == SetAside.INFECTED:
            mails.refused_for_safety(row)
        elif (
            reason != SetAside.ALTERED
        ):  # the service's own fault is the service's to tell, once it knows more
            mails.cannot_be_read(row)


def _drop_pages(row: Document) -> None:
    disown(list(row.pages.all()))
    row.pages.all().delete()
    row.page_count = None


def _wait_for_antivirus(document: Document, why: Unscanned) -> None:
    with transaction.atomic():
        row = _still_ours(document)
        if row is None:
            return
        if row.unscanned != why:
            record(Event.DOCUMENT_UNSCANNED, subject=row.subject, code=why.value)
        row.unscanned = why
        row.work_later()
        assert row.next_attempt_at is not None
        row.next_attempt_at = min(row.next_attempt_at, timezone.now() + LONGEST_WAIT)
        row.save(update_fields=[*Document.WORK_FIELDS, "unscanned"])


def _later(document: Document) -> None:
    with transaction.atomic():
        row = _still_ours(document)
        if row is not None:
            row.work_later()
            row.save(update_fields=Document.WORK_FIELDS)


def _still_ours(document: Document) -> Document | None:
    """The row, locked, if the lease under which it was drawn still holds."""
    found: Document | None = (
        Document.objects.select_for_update().filter(pk=document.pk, lease=document.lease).first()
    )
    return found
