"""Decisions that are settled already, as the queue's services leave them, for the tests of what members read of them."""

from datetime import date, datetime

from django.utils import timezone

from adherents.accounts.models import Account
from adherents.casework.models import Correction, Decision, Item, Outcome, Status
from adherents.vault.models import Document
from tests.agents import make_agent

WORDS = "L’IBAN est coupé sur la photo. Envoyez le RIB entier."
ENGLISH = "The IBAN is cut off in the photo. Please send the whole document."


def settled(
    document: Document,
    outcome: Outcome = Outcome.REFUSED,
    *,
    reason: str = "illisible",
    words: str = WORDS,
    english: str = ENGLISH,
    until: date | None = None,
    at: datetime | None = None,
    told: bool = True,
) -> Decision:
    """`told`: False while it can still be undone, which the member must read nothing of."""
    at = at or timezone.now()
    agent = Account.objects.filter(role="conseiller").first() or make_agent()
    item, _made = Item.objects.get_or_create(
        document=document, defaults={"kind": document.kind, "due_on": document.answer_expected_on}
    )
    Item.objects.filter(pk=item.pk).update(status=Status.DONE if told else Status.DECIDED)
    accepted = outcome == Outcome.ACCEPTED
    decision = Decision.objects.create(
        item=item,
        outcome=outcome,
        agent=agent,
        at=at,
        reason="" if accepted else reason,
        words_fr="" if accepted else words,
        words_en="" if accepted else english,
        until=until,
        settled_at=at if told else None,
        next_attempt_at=None if told else at,
    )
    if told:
        Document.objects.filter(pk=document.pk).update(state=outcome.value, state_at=at, checked_at=at)
    if told and until is not None:
        Correction.objects.create(decision=decision, document=document, agent=agent, until=until, asked_at=at)
    return decision
