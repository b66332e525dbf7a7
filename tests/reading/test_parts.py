"""What is read on a part of a file that was split: its own pages, and no other's."""

import io

import pytest
from django.db import transaction
from pypdfium2 import PdfDocument

from adherents.feed.models import Announcement
from adherents.members.models import Member
from adherents.reading.models import FieldTally, PaperField
from adherents.reading.services.entering import enter_lately
from adherents.reading.services.working import read_due
from adherents.vault.models import Document
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import Slice, put_together, split
from tests.reading.sheets import sheet
from tests.reading.test_read_for_people import desk, judge
from tests.reading.test_readings import RIB, checked

pytestmark = pytest.mark.django_db
PLACE = Place("rib", None)


def file_of(*pages: bytes) -> bytes:
    whole = PdfDocument.new()
    for page in pages:
        whole.import_pages(PdfDocument(page))
    written = io.BytesIO()
    whole.save(written)
    whole.close()
    return written.getvalue()


def parts_of(member: Member, content: bytes, *ends: int) -> list[Document]:
    """A file that is split so that its parts end with these pages, each read."""
    original = checked(member, content)
    firsts = [1, *(end + 1 for end in ends[:-1])]
    with transaction.atomic():
        parts = split(
            document_id=original.pk,
            slices=[Slice(first, last, PLACE) for first, last in zip(firsts, ends, strict=True)],
            actor="-",
        )
    enter_lately()
    while read_due():
        pass
    return parts


def told(kind: str) -> list[tuple[str, str]]:
    return [
        (one.subject.rpartition("/")[2], one.data["code"])
        for one in Announcement.objects.filter(type=kind).order_by("pk")
    ]


class TestASplitThatIsUndone:
    def test_what_was_confirmed_on_a_part_is_withdrawn_and_nothing_else_is(self, member: Member) -> None:
        first, second = parts_of(member, file_of(RIB, RIB), 1, 2)
        client = desk()
        iban, bic = (PaperField.objects.get(reading__document=first, code=code) for code in ("iban", "bic"))
        judge(client, first, "right", iban)
        judge(client, first, "wrong", bic)
        judge(client, second, "right")
        judge(client, second, "wrong")  # which withdraws it
        before = told("reading.withdrawn")
        assert before == [(str(second.pk), "iban")]
        with transaction.atomic():
            put_together(document_id=first.part_of_id, actor="-")  # type: ignore[arg-type]
        assert told("reading.withdrawn")[1:] == [(str(first.pk), "iban")]
        assert not PaperField.objects.exists()
        assert FieldTally.objects.count() == 2  # how often the reader was right stays true

    def test_an_undoing_that_does_not_come_to_its_end_tells_nothing(self, member: Member) -> None:
        first, _ = parts_of(member, file_of(RIB, sheet()), 1, 2)
        judge(desk(), first, "right")
        with transaction.atomic():
            put_together(document_id=first.part_of_id, actor="-")  # type: ignore[arg-type]
            transaction.set_rollback(True)
        assert told("reading.withdrawn") == []

    def test_a_document_that_is_erased_withdraws_nothing(self, member: Member) -> None:
        first, _ = parts_of(member, file_of(RIB, sheet()), 1, 2)
        judge(desk(), first, "right")
        erase(document_id=first.pk, because=Erased.RETENTION)
        assert told("reading.withdrawn") == []
