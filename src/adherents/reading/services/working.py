"""The worker reads a document that is due. The row is the work: a worker or a reader that is killed loses nothing."""

from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.members.models import Member, Person
from adherents.reading.boxes import box_of
from adherents.reading.codes.reading import ReadCode
from adherents.reading.models import PaperField, PaperReading, PrintedCode, ReadingOutcome
from adherents.reading.papers import KNOWN, ReadField
from adherents.reading.people import Named
from adherents.reading.places import Sides, on_picture
from adherents.reading.reader import FileReading, NoEngine, read_file
from adherents.reading.services.trusting import trust
from adherents.reading.text_layer import MOST_BYTES
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, ReadingFailed
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import Altered, clear_bytes
from adherents.vault.models import Document
from adherents.vault.services.viewing import pages_of
from adherents.work.services import do_each

TRIES = 3  # of a reader that dies or lies: the paper is the reason
MOST_ATTEMPTS = 10  # with workers that were killed: nearly always for a reason that is not the paper
LEASE_SECONDS = 400  # longer than the pages of a picture may take together, each at its bound


Shown = Callable[[Sequence[int], int, Sides], Sequence[int]]


def read_due(limit: int = 1) -> int:
    """Read the documents that are due, one at a time; how many were tried."""
    return do_each(PaperReading.objects.claim_due(limit=limit, lease_seconds=LEASE_SECONDS), read_document)


def read_document(reading: PaperReading) -> None:
    """Read a document whose row this worker has claimed; its row says how it ended.

    A reader that stops or lies is tried three times in all. A worker that is killed says little of the paper, which is left after
    ten; a storage that is away does not count.
    """
    document = _document_of(reading)
    if reading.attempts > MOST_ATTEMPTS or document is None:
        _end(reading, ReadingOutcome.FAILED)
        return
    if document.original.set_aside or document.original.size > MOST_BYTES:
        _end(reading, ReadingOutcome.NOT_TRIED)
        return
    try:
        data = b"".join(clear_bytes(document.original))
        found = read_file(
            document.original.content_type,
            data,
            people_of(document.member),
            only=document.original_pages,
            pictures=document.kind in KNOWN or document.kind == UNKNOWN_KIND,
            trust=trust,
            today=timezone.localdate(),
        )
    except NoEngine:
        _end(reading, ReadingOutcome.NOT_TRIED)
    except CannotBeRead:
        _end(reading, ReadingOutcome.NOTHING)
    except Altered:
        _end(reading, ReadingOutcome.FAILED)  # `verify_vault` tells of it, and so does a download
    except ReadingFailed:
        _failed(reading)
    except StorageFailed:
        _not_now(reading)
    else:
        _keep(reading, found)


def people_of(member: Member) -> list[Named]:
    """Whose name or number may stand on a paper of this contract. A number that does not open raises `CannotOpen`."""
    return [_named(person) for person in (member, *member.beneficiaries.filter(gone_at__isnull=True))]


def _named(person: Person) -> Named:
    return Named(person.birth_name, person.usage_name, person.first_names, str(person.nir))


def _document_of(reading: PaperReading) -> Document | None:
    documents = Document.objects.kept().select_related("member", "part_of")
    document: Document | None = documents.filter(pk=reading.document_id).first()
    return document if document and document.original.has_its_file and document.original.wrapped_key else None


def _keep(reading: PaperReading, found: FileReading) -> None:
    """The values, in the transaction that says that the document is read; nothing, where it was erased meanwhile."""
    with transaction.atomic():
        row = _still_ours(reading)
        if row is None:
            return
        shown = _shown_as(row.document)
        row.fields.all().delete()
        row.codes.all().delete()
        for number, code in enumerate(found.codes, start=1):
            _kept_code(row, number, code, shown).save(force_insert=True)
        for rank, field in enumerate(found.paper.fields, start=1):
            _kept(row, rank, field, found.pages, shown).save(force_insert=True)
        row.kind, row.letters, row.versions = found.paper.kind, found.letters, found.versions[:120]
        something = bool(found.paper.fields or found.codes)
        _ended(row, ReadingOutcome.READ if something else ReadingOutcome.NOTHING)


def _shown_as(document: Document) -> Shown:
    """What takes across and down, in turn, of a page of these sides to the same page as it is shown. Of gathered photos the
    pictures are shown, without what is white around them in the PDF that is made of them.
    """
    pictures = pages_of(document) if document.photo_count else {}

    def shown(place: Sequence[int], number: int, sides: Sides) -> Sequence[int]:
        picture = pictures.get(number)
        return on_picture(place, sides, (picture.width, picture.height)) if picture else place

    return shown


def _kept_code(row: PaperReading, rank: int, code: ReadCode, shown: Shown) -> PrintedCode:
    places = shown([place for corner in code.corners for place in corner], code.page, code.sides)
    return PrintedCode(
        reading=row,
        rank=rank,
        page=code.page,
        worth=code.worth,
        signer=code.signer[:200],
        paper=code.paper[:200],
        signed_on=code.signed_on,
        corners=list(zip(places[::2], places[1::2], strict=True)) or None,
    )


def _kept(
    row: PaperReading, rank: int, field: ReadField, pages: Sequence[LetterPage], shown: Shown
) -> PaperField:
    page = next((page for page in pages if page.number == field.page), None)
    box = box_of(field, page) if page is not None and not field.of_code else None
    places: Sequence[int | None] = (None,) * 4
    if box and page:
        places = shown((box.left, box.top, box.right, box.bottom), page.number, page.sides)
    return PaperField(
        reading=row,
        rank=rank,
        code=field.code,
        value=field.value,
        page=field.page,
        proofs=list(field.proofs),
        on_page=field.on_page,
        of_code=field.of_code,
        turned=90 * page.quarters if box and page else 0,
        **dict(zip(("left", "top", "right", "bottom"), places, strict=True)),
    )


def _end(reading: PaperReading, outcome: ReadingOutcome) -> None:
    with transaction.atomic():
        row = _still_ours(reading)
        if row is not None:
            _ended(row, outcome)


def _failed(reading: PaperReading) -> None:
    """Its reader died or lied: it is asked again later, `TRIES` times in all."""
    with transaction.atomic():
        row = _still_ours(reading)
        if row is None:
            return
        row.failures += 1
        if row.failures >= TRIES:
            _ended(row, ReadingOutcome.FAILED)
            return
        row.work_later()
        row.save(update_fields=[*PaperReading.WORK_FIELDS, "failures"])


def _ended(row: PaperReading, outcome: ReadingOutcome) -> None:
    row.outcome, row.read_at = outcome, timezone.now()
    row.work_done()
    row.save(
        update_fields=[
            *PaperReading.WORK_FIELDS,
            "outcome",
            "read_at",
            "kind",
            "letters",
            "versions",
            "failures",
        ]
    )


def _not_now(reading: PaperReading) -> None:
    """Something else is away: this attempt does not count."""
    with transaction.atomic():
        row = _still_ours(reading)
        if row is not None:
            row.work_later()
            row.attempts = max(row.attempts - 1, 0)
            row.save(update_fields=PaperReading.WORK_FIELDS)


def _still_ours(reading: PaperReading) -> PaperReading | None:
    """The row, locked after its document, if the lease under which it was read still holds."""
    Document.objects.select_for_update(no_key=True).filter(pk=reading.document_id).values_list("pk").first()
    rows = PaperReading.objects.select_for_update().filter(pk=reading.pk, lease=reading.lease)
    row: PaperReading | None = rows.filter(next_attempt_at__isnull=False).first()
    return row
