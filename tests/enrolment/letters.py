"""Activation letters, read as their readers read them: out of the PDF."""

import re

import pypdfium2

from adherents.enrolment.models import LetterBatch
from adherents.enrolment.services import letters
from adherents.members.models import Member

AGENT = "agent:1"
REASON = "L’adhérente a appelé, identité vérifiée"


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [document[place].get_textpage().get_text_range() for place in range(len(document))]
    finally:
        document.close()


def code_in(page: str) -> str:
    match = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", page)
    assert match, page
    return match[0]


def pdf_of(batch: LetterBatch) -> bytes:
    return letters.take_sheets(batch_id=batch.pk, actor=batch.actor).content


def letter_to(member: Member) -> str:
    """The code that is printed in this member's letter."""
    batch = letters.write_one(member=member, actor=AGENT, reason=REASON)
    [page] = pages_of(pdf_of(batch))
    return code_in(page)
