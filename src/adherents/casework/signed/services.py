"""A document that its signature proves is accepted without an agent, where the insurer's profile says so for its kind."""

import uuid
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from adherents.accounts.services.systems import system_account
from adherents.casework.models import BY_SIGNATURE, Item
from adherents.casework.services import deciding, queue
from adherents.casework.signed.selectors import (
    is_accepted_by_its_signature,
    kinds_accepted_when_signed,
    to_weigh,
)

NAME = "Signature électronique"


def accept_signed(limit: int = 50) -> int:
    """Weigh what was read since; how many were. Each once: what is not accepted waits for an agent as it did.

    It is decided as any document is: an agent can undo it for a few seconds, then its member is told; it can be reopened.
    """
    if not kinds_accepted_when_signed():
        return 0
    keys = list(to_weigh().values_list("pk", flat=True)[:limit])
    for key in keys:
        _weigh(key)
    return len(keys)


def _weigh(key: uuid.UUID) -> None:
    with transaction.atomic():
        item = to_weigh().select_for_update(skip_locked=True, of=("self",)).filter(pk=key).first()
        if item is None:
            return  # another worker has it, or an agent
        item.signature_weighed_at = timezone.now()
        item.save(update_fields=["signature_weighed_at"])
        if is_accepted_by_its_signature(item):
            _accept(item)


def _accept(item: Item) -> None:
    with suppress(queue.NotAvailable):  # it is kept for an agent: who asked for it decides
        account, _new = system_account(BY_SIGNATURE, name=NAME)
        deciding.accept(agent=account, item=item)
