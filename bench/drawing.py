"""The page images of a ten-page PDF, from the sealed document to its sealed pages, over what pdfium alone takes to draw it."""

import io
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

PAGES = 10
ROUNDS = 7


def scans() -> bytes:
    """Ten pages as a scanner or a phone makes them: one photo each, in colour, at 200 dots an inch."""
    from PIL import Image, ImageFilter

    chance, photos = random.Random(1), []
    for _ in range(PAGES):
        paper = Image.frombytes("RGB", (413, 584), chance.randbytes(413 * 584 * 3))
        paper = paper.filter(ImageFilter.GaussianBlur(2)).resize((1654, 2339), Image.Resampling.BICUBIC)
        photos.append(paper)
    written = io.BytesIO()
    photos[0].save(written, "PDF", save_all=True, append_images=photos[1:], resolution=200, quality=85)
    return written.getvalue()


def statement() -> bytes:
    """Ten pages of a statement of reimbursements: sixty lines of words and figures each, in a table."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    written = io.BytesIO()
    drawn = canvas.Canvas(written, pagesize=A4, invariant=1)
    for page in range(PAGES):
        drawn.setFont("Helvetica", 8)
        for line in range(60):
            height = 790 - line * 12.5
            drawn.line(40, height - 3, 555, height - 3)
            for place, words in enumerate(
                ("12/11/2026", f"Consultation {page}-{line}", "26,50 €", "18,55 €", "7,95 €")
            ):
                drawn.drawString(44 + place * 105, height, words)
        drawn.showPage()
    drawn.save()
    return written.getvalue()


def drawn_by_pdfium(content: bytes) -> None:
    """The baseline: pdfium in this process, at the same size, nothing kept."""
    import pypdfium2

    from adherents.inspection.rasteriser import DOTS_PER_INCH, bounded

    document = pypdfium2.PdfDocument(content)
    for page in document:
        scale, _, _ = bounded(*page.get_size(), DOTS_PER_INCH / 72)
        page.render(scale=scale, rev_byteorder=True).close()
        page.close()
    document.close()


def figures() -> Iterator[dict[str, Any]]:
    from django.utils import timezone

    from adherents.inspection.rasteriser.process import kept_ready
    from adherents.members.acting import on_own_file
    from adherents.members.models import Member
    from adherents.vault.models import Document
    from adherents.vault.services.deposit import Form
    from adherents.vault.services.receiving import FormFiles, UploadBatch
    from adherents.vault.services.rendition import draw_due
    from adherents.vault.services.sending import send

    member = Member.objects.create(number="70100001", birth_name="BANC", first_names="Camille")
    for what, content in (("scans", scans()), ("a statement", statement())):
        intake = UploadBatch()
        intake.begin("banc.pdf").write(content)
        intake.end()
        made = send(
            acting=on_own_file(member),
            sending_id=uuid.uuid4(),
            form=Form("rib"),
            files=FormFiles(intake.take()),
        )
        document = Document.objects.filter(deposit=made)
        ours, baseline = [], []
        with kept_ready():  # as in a worker
            for _ in range(ROUNDS):
                document.update(next_attempt_at=timezone.now(), attempts=0)
                baseline.append(timed(lambda: drawn_by_pdfium(content)))  # noqa: B023
                ours.append(timed(draw_due))
        assert document.get().page_count == PAGES
        yield {
            "figure": f"page images of a ten-page PDF of {what}, sealed and stored",
            "ratio": round(statistics.median(ours) / statistics.median(baseline), 2),
            "bar": 1.5,
            "pages_per_second": round(PAGES / statistics.median(ours), 1),
            "baseline_pages_per_second": round(PAGES / statistics.median(baseline), 1),
            "baseline": "pdfium alone, in one process, nothing confined, compressed or kept",
        }


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
