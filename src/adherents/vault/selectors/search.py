"""Finding a document again: by kind, state, dates, and words of its name or the number of its receipt."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, prefetch_related_objects

from adherents.ui.typed import bare, unlabelled
from adherents.vault.fields import name_key
from adherents.vault.models import Deposit, Document, DocumentQuerySet, Earlier, GatheredPhoto, State
from adherents.vault.origins import Origin

# « D-2026-000154 », « d 2026 154 », « 2026-154 »: with its letter, or with something between the year and the number.
_RECEIPT = re.compile(r"(?:D[-._/]?(20\d\d)[-._/]?|(20\d\d)[-._/])(\d{1,9})", re.IGNORECASE)


def deposit_numbered(text: str) -> Deposit | None:
    """The sending whose receipt has this number, however it is typed; with its member."""
    # Spaces are what stands between the parts for who types them, and an invisible mark is nothing.
    read = _RECEIPT.fullmatch(bare("-".join(unlabelled(text).split())).replace("--", "-"))
    if read is None:
        return None
    year, number = read[1] or read[2], read[3]
    numbers = {f"D-{year}-{number}", f"D-{year}-{int(number):06d}"}
    deposits: list[Deposit] = list(
        Deposit.objects.filter(number__in=numbers).select_related("member__account")[:1]
    )
    return deposits[0] if deposits else None


def narrowed(documents: DocumentQuerySet, asked: Mapping[str, Any]) -> DocumentQuerySet:
    """Those of `documents` that are looked for: `kind`, `state`, `since` and `until` (days, both included), `words`."""
    simple = {"kind": "kind", "state": "state", "since": "at__date__gte", "until": "at__date__lte"}
    matching = documents.filter(**{simple[name]: asked[name] for name in simple if name in asked})
    if asked.get("state") == State.IN_PROGRESS:
        matching = matching.filter(
            split_at=None, joined_at=None, relocated_at=None
        )  # its parts are, or what was made of it, or its copy
    if words := asked.get("words"):
        number = Q(deposit__number__iexact=words.strip())
        named = Q()
        for word in name_key(words).split() or [words]:
            named &= Q(name_key__contains=word)
        photos = GatheredPhoto.objects.filter(named, document=OuterRef("pk"))
        matching = matching.filter(named | number | Q(Exists(photos), photo_count__gt=0))
    return matching


def sent_before(documents: Sequence[Document]) -> dict[uuid.UUID, Earlier]:
    """For each of these documents, the latest earlier one of the same member with the very same bytes, if any.

    What was sent counts: the photos of a document, and not the PDF that was made of them. Two queries; one where none of
    these documents has photos.
    """
    documents = [document for document in documents if document.origin != Origin.ANSWER]  # which nobody sent
    prefetch_related_objects([document for document in documents if document.photo_count], "photos")
    sent = {document.pk: {file.sha256 for file in document.sent_files} for document in documents}
    members, digests = {document.member_id for document in documents}, set().union(*sent.values())
    same = Document.objects.kept().filter(member_id__in=members, sha256__in=digests, photo_count=0)
    same = same.exclude(origin=Origin.ANSWER)
    photos = GatheredPhoto.objects.filter(
        document__member_id__in=members, document__erased_at__isnull=True, sha256__in=digests
    ).order_by()
    named = ("pk", "at", "rank", "deposit__number")
    alike = same.values_list("member_id", "sha256", *named).union(
        photos.values_list("document__member_id", "sha256", *(f"document__{name}" for name in named))
    )
    earlier_of: dict[uuid.UUID, Earlier] = {}
    files = [(member_id, digest, Earlier(*facts)) for member_id, digest, *facts in alike]
    for member_id, digest, earlier in sorted(files, key=lambda file: (file[2].at, file[2].rank)):
        for document in documents:
            is_same = member_id == document.member_id and digest in sent[document.pk]
            if is_same and (earlier.at, earlier.rank) < (document.at, document.rank):
                earlier_of[document.pk] = earlier
    return earlier_of
