"""Twins: documents that were sent as the very same bytes. What was sent counts: photos, and not the PDF that was made of them."""

from collections.abc import Callable

from django.db.models import Q, QuerySet, prefetch_related_objects

from adherents.vault.models import Document, GatheredPhoto, State
from adherents.vault.origins import FROM_INSURER

MOST = 20
MOST_LOOKED_AT = 200  # of those that share one of the photos


def twins_of(document: Document) -> list[Document]:
    """The documents of the same member that hold all that this one was sent as, the latest first, twenty at most.

    One that was erased at the end of its time counts: it was treated. One that its member took back does not. One query where
    there is none; one more where there is, and one for photos. Of what was made of several documents: the twins
    of each.
    """
    if document.joined_count:
        return _of_each(document, twins_of)
    return _holding(document, Q(member=document.member_id))


def twins_elsewhere(document: Document) -> list[Document]:
    """As `twins_of`, among all other members: for who may see signs of fraud, and for nobody else. With their members.

    What an agent filed with another member since is no sign: its copy has the same bytes, and nobody asks for it twice.
    """
    if document.joined_count:
        return _of_each(document, twins_elsewhere)
    if document.relocated_at is not None:
        return []
    return _holding(document, ~Q(member=document.member_id) & Q(relocated_at=None))


def _of_each(document: Document, find: Callable[[Document], list[Document]]) -> list[Document]:
    found = {twin.pk: twin for sent in document.joined_documents for twin in find(sent)}
    return [twin for twin in found.values() if twin.joined_into_id != document.pk][:MOST]


def _holding(document: Document, whose: Q) -> list[Document]:
    digests = _digests(document)
    if not digests or document.is_from_insurer:
        return []
    files = Document.objects.filter(whose, sha256__in=digests, photo_count=0)
    photos = GatheredPhoto.objects.filter(sha256__in=digests, document__in=Document.objects.filter(whose))
    alike = files.order_by().values_list("pk").union(photos.order_by().values_list("document"))
    found = {key for (key,) in alike[:MOST_LOOKED_AT]} - {document.pk}
    if not found:
        return []
    candidates = Document.objects.filter(pk__in=found).exclude(state=State.WITHDRAWN)
    others = as_shown(candidates.exclude(origin__in=FROM_INSURER), beside=document)
    return [other for other in others if digests <= _digests(other)][:MOST]


def as_shown(rows: QuerySet[Document], *, beside: Document) -> list[Document]:
    """These documents with their deposits, photos and members, the latest first. Where all are its member's, that is not read
    again, and photos only where there are: one query, two with photos.
    """
    shown = rows.select_related("deposit").defer("wrapped_key").order_by("-at", "rank", "pk")
    found = list(shown)
    prefetch_related_objects([other for other in found if other.photo_count], "photos")
    strangers = []
    for other in found:
        if other.member_id == beside.member_id:
            other.member = beside.member
        else:
            strangers.append(other)
    prefetch_related_objects(strangers, "member")
    return found


def _digests(document: Document) -> set[str]:
    if document.photo_count:
        prefetch_related_objects([document], "photos")
    return {file.sha256 for file in document.sent_files} - {""}
