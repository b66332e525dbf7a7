"""The decisions that the vault's pages show to the member: those that are settled, and no others."""

import uuid
from collections.abc import Collection

from django.db.models import Exists, F, OuterRef
from django.utils.translation import get_language

from adherents.accounts.models import Account
from adherents.casework.models import BY_SIGNATURE, Decision, Reopening
from adherents.crypto.rows import readable
from adherents.vault.replies import Reopened, Reply, reopened_source, source

SETTLED = ["item", "agent", "at", "settled_at", "outcome", "reason", "words_fr", "words_en", "until"]


@source
def decided(documents: Collection[uuid.UUID]) -> dict[uuid.UUID, Reply]:
    """The decision that stands for each of these documents, in words for the reader. One query."""
    settled = Decision.objects.standing().filter(item__document__in=documents, settled_at__isnull=False)
    nobody = Exists(Account.objects.filter(pk=OuterRef("agent"), identifier=BY_SIGNATURE))
    decisions = settled.annotate(about=F("item__document_id"), by_signature=nobody).only(*SETTLED)
    return {decision.about: _reply(decision, by_signature=decision.by_signature) for decision in decisions}


@reopened_source
def reopened(document: uuid.UUID) -> Reopened | None:
    """When its last decision was reopened, where none stands since. One query."""
    rows = Reopening.objects.filter(decision__item__document=document)
    stands = Decision.objects.standing().filter(item__document=document, settled_at__isnull=False)
    last = (
        rows.filter(~Exists(stands))
        .order_by("-at", "-pk")
        .values_list("at", "decision__item__due_on")
        .first()
    )
    return Reopened(*last) if last else None


def _reply(decision: Decision, *, by_signature: bool) -> Reply:
    language = (get_language() or "fr")[:2]
    return Reply(
        at=decision.settled_at or decision.at,
        words=decision.words(language),
        language=language if language != "en" or readable(decision, "words_en") else "fr",
        until=decision.until,
        asks=decision.asks,
        by_signature=by_signature,
    )
