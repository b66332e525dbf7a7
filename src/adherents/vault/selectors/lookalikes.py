"""Lookalikes: documents of one member whose pages look like another one's. Not proven: two papers on one form look alike."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import F, Q, QuerySet

from adherents.crypto.rows import readable
from adherents.vault.imprints import Imprint
from adherents.vault.models import Document, Page, State
from adherents.vault.origins import FROM_INSURER
from adherents.vault.selectors.twins import as_shown

MOST_COMPARED = 100  # documents of the member, the newest
MOST_PAGES = 3  # of each, the first
MOST = 20


def lookalikes_of(document: Document, *, beside: Collection[uuid.UUID] = ()) -> list[Document]:
    """The member's documents on which each of this one's first pages is found again, the latest first, twenty at most; not those
    of these keys, which the caller has already.

    A page that is blank says nothing. Nothing where a worker has not made the imprints yet. Two queries where there is none, one
    more where there is, and one for photos.
    """
    if document.is_from_insurer:
        return []
    compared = [other for other in compared_with(document) if other.pk not in beside]
    with_imprints = Page.objects.exclude(imprint=b"").only("document", "number", "imprint")
    pages = first_pages([document, *compared], with_imprints)
    own = _imprints(pages[document.pk])
    if not own:
        return []
    alike = [other.pk for other in compared if _holds(_imprints(pages[other.pk]), own)]
    return as_shown(Document.objects.filter(pk__in=alike[:MOST]), beside=document) if alike else []


def compared_with(document: Document) -> list[Document]:
    """The member's newest documents beside this one, as far as they are papers of their own.

    Not those of the same file, of which an agent made parts, nor what was joined; nor the one that this one was asked for in
    place of, or the other way round: they are alike because they should be.
    """
    rows = (
        Document.objects.kept()
        .every_one_of(document.member)
        .filter(split_at=None, joined_into=None, threat="")
    )
    rows = rows.exclude(pk=document.pk).exclude(state=State.WITHDRAWN).exclude(origin__in=FROM_INSURER)
    columns = ("member", "at", "rank", "part_of", "first_page", "last_page", "answers", "joined_count")
    related = {document.pk, document.part_of_id, document.answers_id, document.joined_into_id} - {None}
    return [
        other
        for other in rows.only(*columns)[:MOST_COMPARED]
        if not related.intersection({other.pk, other.part_of_id, other.answers_id})
    ]


def first_pages(documents: Sequence[Document], pages: "QuerySet[Page]") -> dict[uuid.UUID, list[Page]]:
    """Of these pages, the first three of each document: of a part, those of its original that it is; of what an agent joined,
    those of what it was made of. One query.
    """
    keys = [document.pk for document in documents]
    asked = Q(document__in=keys, number__lte=MOST_PAGES)
    for part in documents:
        if part.part_of_id is not None:
            asked |= Q(document=part.part_of_id, number__in=part.original_pages[:MOST_PAGES])
    joined = [document.pk for document in documents if document.joined_count]
    if joined:
        asked |= Q(document__joined_into__in=joined, number__lte=MOST_PAGES)
    rows = pages.filter(asked, document__threat="").annotate(joined_into=F("document__joined_into"))
    of_original: dict[uuid.UUID, list[Page]] = defaultdict(list)
    of_joined: dict[uuid.UUID, list[Page]] = defaultdict(list)
    for page in rows.order_by("document__joined_rank", "document", "number"):
        of_original[page.document_id].append(page)
        if page.joined_into is not None:
            of_joined[page.joined_into].append(page)
    found: dict[uuid.UUID, list[Page]] = {}
    for document in documents:
        if document.joined_count:
            found[document.pk] = of_joined[document.pk][:MOST_PAGES]
            continue
        wanted = document.original_pages[:MOST_PAGES] or range(1, MOST_PAGES + 1)
        whole = of_original[document.part_of_id or document.pk]
        found[document.pk] = [page for page in whole if page.number in wanted]
    return found


def _imprints(pages: Sequence[Page]) -> list[Imprint]:
    return [imprint for page in pages if (imprint := Imprint.read(readable(page, "imprint"))) is not None]


def _holds(theirs: Sequence[Imprint], own: Sequence[Imprint]) -> bool:
    return bool(theirs) and all(any(page.is_like(other) for other in theirs) for page in own)
