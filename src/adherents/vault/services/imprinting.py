"""The worker makes the imprints of pages, and nobody waits for it: of what a waiting document is compared with, then its own.

Nothing is claimed: an imprint is worked out from a page's pixels, and two workers that make the same one write the same.
"""

import io
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from PIL import Image

from adherents.crypto.rows import moved
from adherents.storage.objects import StorageFailed
from adherents.storage.reading import Altered, clear_bytes
from adherents.vault.imprints import LONGEST, NOTHING, Imprint
from adherents.vault.models import Document, Page
from adherents.vault.origins import FROM_INSURER
from adherents.vault.selectors.lookalikes import MOST_PAGES, compared_with, first_pages
from adherents.vault.services.filing import OPEN

LATELY = timedelta(hours=1)
QUICK_SECONDS, LONG_SECONDS = 10.0, 60.0  # a round of what came lately, and of all that waits
A_ROUND = 200  # documents
MOST_FAILED = 3  # documents whose pages the storage does not give: then it is away
_ALL = 1 << 20  # more pages than a document has


def make_imprints_lately() -> int:
    """Those of documents that passed their checks within the hour, and of what they are compared with. How many pages."""
    return make_imprints(since=timezone.now() - LATELY, seconds=QUICK_SECONDS)


def make_imprints(*, since: datetime | None = None, seconds: float = LONG_SECONDS) -> int:
    """Those of documents that wait for a decision, and of what they are compared with. How many pages.

    `since`: only of documents that passed their checks later. A round ends after this many `seconds`, or with a storage
    that is away.
    """
    done, failed, ends = 0, 0, time.monotonic() + seconds
    for document in _waiting(since):
        try:
            for page in _without(document):
                _make(page)
                done += 1
                if time.monotonic() > ends:
                    return done
        except StorageFailed:
            failed += 1
            if failed == MOST_FAILED:
                return done
    return done


def _waiting(since: datetime | None) -> Iterator[Document]:
    """Documents that wait for a decision and have a page without an imprint."""
    first, last = Coalesce(OuterRef("first_page"), 1), Coalesce(OuterRef("last_page"), _ALL)
    without = Page.objects.filter(
        document=Coalesce(OuterRef("part_of"), OuterRef("pk")),
        number__gte=first,
        number__lt=first + MOST_PAGES,
        number__lte=last,
        imprint=b"",
    )
    of_joined = Page.objects.filter(
        document__joined_into=OuterRef("pk"),
        document__joined_rank__lte=MOST_PAGES,
        number__lte=MOST_PAGES,
        imprint=b"",
    )
    waits = Document.objects.filter(
        Exists(without) | Exists(of_joined),
        threat="",
        split_at=None,
        joined_into=None,
        relocated_at=None,
        erased_at=None,
    )
    waits = waits.exclude(origin__in=FROM_INSURER)
    for state in OPEN:
        # One state at a time: the index of what was checked lately is of one.
        rows = waits.filter(state=state)
        if since is not None:
            rows = rows.filter(checked_at__gte=since)
        yield from rows.order_by("checked_at", "pk")[:A_ROUND]


def _without(document: Document) -> list[Page]:
    """Its own pages come last: a round that ends before them finds the document again."""
    documents = [*compared_with(document), *document.joined_documents[:MOST_PAGES], document]
    pages = first_pages(documents, Page.objects.filter(imprint=b""))
    return [page for one in documents for page in pages[one.pk]]


def _make(page: Page) -> None:
    """Write what the page looks like; that there is nothing to see, where its bytes were altered, which `verify_vault` tells of.

    Raises `StorageFailed`.
    """
    try:
        picture = Image.open(io.BytesIO(b"".join(clear_bytes(page))), formats=["JPEG"])
    except Altered:
        page.imprint = NOTHING
    else:
        picture.draft("L", (LONGEST * 2, LONGEST * 2))
        page.imprint = str(Imprint.of(picture) or NOTHING)
    sealed = moved(page, "imprint", page.document_id, page.number)
    Page.objects.filter(pk=page.pk, imprint=b"").update(imprint=sealed)
