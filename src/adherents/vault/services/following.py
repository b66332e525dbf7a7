"""What an agent made of a document is set aside with it, and sound again with it: the parts of a file, the whole of several.

Nobody decides on pages that are not there. Read apart, only a program of the storage could say which page of the whole went.
"""

from django.db.models import Q

from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import Document


@needs_transaction
def lock_whole(document: Document) -> None:
    """Lock what it was joined into, in the caller's transaction, before the document itself: `joining.separate` does so too."""
    whole = Document.objects.filter(pk=document.pk).values("joined_into")
    list(Document.objects.select_for_update(of=("self",)).filter(pk__in=whole))


@needs_transaction
def follow(document: Document) -> None:
    """Make what was made of this document say what it says, in the caller's transaction, which has saved it.

    The document is locked, and what it was joined into (`lock_whole`).
    """
    made = Document.objects.filter(Q(joined_from=document) | Q(part_of=document), erased_at=None)
    for row in made.select_for_update(of=("self",)).order_by("pk"):
        reasons = (
            [sent.set_aside for sent in row.joined_documents] if row.joined_count else [document.set_aside]
        )
        reason = next(filter(None, reasons), "")
        if row.set_aside == reason:
            continue
        row.set_aside = reason
        row.save(update_fields=["set_aside"])
        if reason:
            record(Event.DOCUMENT_SET_ASIDE, subject=row.subject, owner=row.owner, code=reason)
        else:
            record(Event.DOCUMENT_CHECKED, subject=row.subject, owner=row.owner, pages=row.page_count or 0)
