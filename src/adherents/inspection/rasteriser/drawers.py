"""The drawers: a file's bytes in, its pages as red, green and blue pixels out. Runs in the confined process only."""

import ctypes
import io
import re
from functools import partial

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from adherents.inspection.rasteriser import (
    DOTS_PER_INCH,
    MOST_PAGES,
    PIXEL_BYTES,
    CannotDraw,
    Fault,
    bounded,
    pictures,
)
from adherents.inspection.rasteriser.pictures import Drawn, FreeSlot

A4 = (595.28, 841.89)  # in points
_FAULTS = {
    pdfium_c.FPDF_ERR_PASSWORD: Fault.ENCRYPTED,
    pdfium_c.FPDF_ERR_SECURITY: Fault.LOCKED,
}


def ready() -> None:
    """Load all that drawing most files needs."""
    pictures.ready()


def ready_for(content_type: str) -> None:
    """Load what this kind of file needs besides, while files can still be opened."""
    if content_type == pictures.HEIC:
        pictures.ready_for_heic()


def pages_of(content_type: str, data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
    """How many pages the file has, and the first fifty of them, upright, each in the slot that is next.

    Raises `CannotDraw`, at once or later.
    """
    if content_type == "application/pdf":
        return _pdf(data, free_slot)
    return pictures.pictures_of(content_type, data, free_slot)


def _pdf(data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise CannotDraw(_FAULTS.get(getattr(error, "err_code", None), Fault.UNREADABLE)) from error
    count = len(document)
    if count < 1:
        raise CannotDraw(Fault.UNREADABLE)
    if _shows_elsewhere_only(document):
        raise CannotDraw(Fault.FORM_ONLY)
    if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
        document.init_forms()  # what was typed into a form is drawn with it
    return count, _pdf_pages(document, min(count, MOST_PAGES), free_slot)


def _pdf_pages(document: pdfium.PdfDocument, count: int, free_slot: FreeSlot) -> Drawn:
    missing = 0
    for index in range(count):
        try:
            page = document[index]
            width, height = page.get_size()
        except pdfium.PdfiumError:
            # A missing page does not make the others unreadable: a blank sheet replaces it, and is reported as blank.
            missing += 1
            yield _blank_sheet(free_slot)
            continue
        if not (width > 0 and height > 0):
            page.close()
            yield _blank_sheet(free_slot)
            continue
        try:
            scale, _, _ = bounded(width, height, DOTS_PER_INCH / 72)
            into = partial(pdfium.PdfBitmap.new_native, buffer=free_slot())
            bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True, bitmap_maker=into)
            yield bitmap.width, bitmap.height
            bitmap.close()
            page.close()
        except (pdfium.PdfiumError, ValueError) as error:
            raise CannotDraw(Fault.UNREADABLE) from error
    if missing > count / 2:
        raise CannotDraw(Fault.UNREADABLE)


def _blank_sheet(free_slot: FreeSlot) -> tuple[int, int]:
    _, width, height = bounded(*A4, DOTS_PER_INCH / 72)
    ctypes.memset(free_slot(), 255, width * height * PIXEL_BYTES)
    return width, height


def _shows_elsewhere_only(document: pdfium.PdfDocument) -> bool:
    """Is what can be drawn here only « Please wait… », or the cover of a portfolio? What it says is in one program only."""
    form = document.get_formtype()
    if form == pdfium_c.FORMTYPE_XFA_FULL:
        return True
    if form == pdfium_c.FORMTYPE_XFA_FOREGROUND and len(document) == 1:
        # The older ones do not announce themselves: a form of one page without a field on it.
        return not _has_fields(document)
    return document.count_attachments() > 0 and _is_portfolio(document)


def _has_fields(document: pdfium.PdfDocument) -> bool:
    try:
        page = document[0]
    except pdfium.PdfiumError:
        return False
    kinds = set()
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        note = pdfium_c.FPDFPage_GetAnnot(page, index)
        kinds.add(pdfium_c.FPDFAnnot_GetSubtype(note))
        pdfium_c.FPDFPage_CloseAnnot(note)
    page.close()
    return pdfium_c.FPDF_ANNOT_WIDGET in kinds


def _is_portfolio(document: pdfium.PdfDocument) -> bool:
    """pdfium does not say it, but can write the document again with its catalog in clear."""
    written = io.BytesIO()
    document.save(written, flags=pdfium_c.FPDF_NO_INCREMENTAL)
    return any(
        b"/Collection" in part and re.search(rb"/Type\s*/Catalog\b", part)
        for part in written.getvalue().split(b"endobj")
    )
