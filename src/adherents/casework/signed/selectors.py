"""What a signature proves of a document, so wholly that it may be accepted without an agent. Nothing is written."""

from datetime import timedelta
from itertools import product

from django.db.models import QuerySet
from django.utils import timezone

from adherents.casework.models import Item
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Kind
from adherents.members.models import Person
from adherents.reading.codes.comparison import OTHER, SAME
from adherents.reading.codes.reading import CODE
from adherents.reading.codes.trust import Worth
from adherents.reading.codes.two_d_doc import papers
from adherents.reading.models import (
    Judgement,
    MemberAnswer,
    PaperField,
    PaperReading,
    PrintedCode,
    ReadingOutcome,
)
from adherents.reading.papers import DRAWN
from adherents.reading.people import Likeness, Named, likeness
from adherents.vault.models import Document, State
from adherents.vault.origins import BY_DESK, Origin
from adherents.vault.selectors.twins import twins_elsewhere, twins_of

# Identifiers of the specification: a whole name, and names of which a family's and a given one make a whole one.
_WHOLE = frozenset({"10", "14", "30", "46", "48", "4N"})
_FAMILY = frozenset({"13", "17", "5Q", "62", "63", "64", "80", "B2", "B3", "B4", "F1", "L0"})
_GIVEN = frozenset({"12", "16", "5R", "60", "61", "81", "B0", "B1", "F0", "L1"})


def kinds_accepted_when_signed() -> dict[str, Kind]:
    """The profile's kinds of which a signature may accept a document, by code. Empty: nothing is ever accepted by itself."""
    return {kind.code: kind for kind in profile().documents.kinds if kind.accept_signed}


def to_weigh() -> "QuerySet[Item]":
    """What waits for any agent, is of such a kind, is read, and was not weighed yet."""
    free = Item.objects.free().filter(kind__in=kinds_accepted_when_signed(), taken_at=None)
    waits = free.filter(signature_weighed_at=None, document__paper_reading__read_at__isnull=False)
    return waits.order_by("due_on", "entered_at", "pk")


def is_accepted_by_its_signature(item: Item) -> bool:
    """Whether nothing is left for a person to see: the member sent it, as one page, with no word to the adviser, and named its
    kind; it bears one code, of a
    type that the profile names for this kind, whose signature is believed and not old; the page prints what is signed, in letters
    that are sure; the name is that of whom it concerns; it was neither sent before nor by anybody else.
    """
    document, kind = item.about, kinds_accepted_when_signed().get(item.kind)
    if kind is None or not _is_plain(document):
        return False
    reading = PaperReading.objects.filter(
        document=document, outcome=ReadingOutcome.READ, letters=DRAWN
    ).first()
    codes = list(reading.codes.all()) if reading else []
    if reading is None or len(codes) != 1 or not _is_of(codes[0], kind, document):
        return False
    fields = list(reading.fields.select_related("reading"))
    if not _is_borne_out(fields) or not _names(
        [one for one in fields if one.of_code], document.beneficiary or document.member
    ):
        return False
    return not (_came_before(document, codes[0]) or twins_of(document) or twins_elsewhere(document))


def _is_plain(document: Document) -> bool:
    return (
        document.origin == Origin.MEMBER
        and document.deposit.way != BY_DESK
        and document.page_count == 1
        and not document.note
        and document.state == State.CHECKED
        and document.kind == document.kind_as_sent
        and document.part_of_id is None
        and document.answers_id is None
        and not document.joined_count
        and document.joined_into_id is None
        and document.relocated_at is None
        and not document.set_aside
    )


def _is_of(code: PrintedCode, kind: Kind, document: Document) -> bool:
    known = papers()
    if code.worth != Worth.SIGNED or code.signed_on is None:
        return False
    age = timezone.localdate(document.at) - code.signed_on
    wanted = {known[paper][:200] for paper in kind.accept_signed if paper in known}
    return code.paper in wanted and timedelta() <= age <= timedelta(days=kind.signed_days)


def _is_borne_out(fields: list[PaperField]) -> bool:
    """Whether the page says the same where it says anything, and nobody said that a value is wrong."""
    signed = [field for field in fields if field.of_code]
    if any(not field.clear for field in fields):
        return False
    if any(field.judgement == Judgement.WRONG or field.member_answer == MemberAnswer.NO for field in fields):
        return False
    strange = any(field.code in {"holder", "person"} and field.clear == Likeness.OTHER for field in fields)
    said = {field.on_page for field in signed}
    return not strange and SAME in said and OTHER not in said


def _names(signed: list[PaperField], person: Person) -> bool:
    """Whether one of the names that are signed is this person's, family's name and given one."""
    by_code = {field.code.removeprefix(CODE): field.clear for field in signed}
    whole = [name for code, name in by_code.items() if code in _WHOLE]
    family, given = ([name for code, name in by_code.items() if code in some] for some in (_FAMILY, _GIVEN))
    names = [*whole, *(" ".join(pair) for pair in product(family, given))]
    who = Named(person.birth_name, person.usage_name, person.first_names)
    return any(likeness(name, [who]) == Likeness.SAME for name in names)


def _came_before(document: Document, code: PrintedCode) -> bool:
    """Whether another document of this member bears what may be the same code: photographed again, its bytes differ."""
    same = PrintedCode.objects.filter(paper=code.paper, signer=code.signer, signed_on=code.signed_on)
    return same.filter(reading__document__member=document.member_id).exclude(pk=code.pk).exists()
