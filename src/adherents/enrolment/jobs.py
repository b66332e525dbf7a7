from django.db.models import QuerySet

from adherents.enrolment.models import IdentityClaim, LetterBatch
from adherents.enrolment.services import first_connection, letters
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("first_connections", since="claimed_at")
def claims() -> QuerySet[IdentityClaim]:
    return IdentityClaim.objects.unfinished()


@backlog("letters", since="asked_at")
def batches() -> QuerySet[LetterBatch]:
    return LetterBatch.objects.unfinished()


@sweep("identity claims", woken_by=due_row_of(IdentityClaim))
def settle_identity_claims() -> int:
    return first_connection.settle_due()


@sweep("letters", woken_by=due_row_of(LetterBatch))
def make_letters() -> int:
    return letters.prepare_due()


@sweep("old letters", every=60)
def destroy_letters() -> int:
    return letters.destroy_old()
