"""« Adresse en échec »: what becomes of an address that no mail reaches any more (G10)."""

from django.db import transaction
from django.utils import timezone

from adherents.accounts.services.email import why
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member

AT_MOST = 20  # members with one address: a couple, their children; more is a mistake, and should cost nothing


def record_bounce(*, address: str) -> int:
    """The server refused this address for good: put every member who has it on the list. Returns how many.

    If the address was changed meanwhile, no member has it any more, and nothing happens.
    """
    with transaction.atomic():
        people = Member.objects.select_for_update().filter(
            email_key=address.lower(), email_bounced_at__isnull=True
        )
        members = list(people.exclude(email_key="").order_by("pk")[:AT_MOST])
        for member in members:
            Member.objects.filter(pk=member.pk).update(email_bounced_at=timezone.now())
            record(Event.ADDRESS_FAILED, subject=member.subject)
    return len(members)


def clear_bounce(*, member: Member, actor: str, reason: str = "") -> bool:
    """The address on file is right after all, says an agent or a link that was followed. False: it was not in failure."""
    with transaction.atomic():
        mended = Member.objects.filter(pk=member.pk, email_bounced_at__isnull=False)
        if not mended.update(email_bounced_at=None):
            return False
        record(Event.ADDRESS_TRUSTED, subject=member.subject, actor=actor, **why(reason))
    member.email_bounced_at = None
    return True
