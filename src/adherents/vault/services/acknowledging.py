"""A system of the insurer says that it has stored a document over there."""

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import Acknowledgement, Document


def acknowledge(*, document: Document, by: Account, reference: str) -> Acknowledgement:
    """Note under which reference it is stored there. Said again with the same one, it changes nothing; the last one stays."""
    with transaction.atomic():
        rows = Acknowledgement.objects.filter(document=document, by=by)
        Acknowledgement.objects.bulk_create(
            [Acknowledgement(document=document, by=by, reference="")], ignore_conflicts=True
        )
        row = rows.select_for_update().get()
        if row.reference != reference:
            row.reference, row.at = reference, timezone.now()
            row.save(update_fields=["reference", "at"])
            # Not the reference itself: what another system writes there may be anything.
            record(
                Event.DOCUMENT_ACKNOWLEDGED, subject=document.subject, owner=document.owner, actor=by.actor
            )
    return row
