from django.db.models import QuerySet

from adherents.accounts import limits
from adherents.accounts.models import ResetRequest
from adherents.accounts.services import forgotten, new_factor, renewal, single_use
from adherents.accounts.sessions import SessionStore
from adherents.work.registry import backlog, due_row_of, sweep


@backlog("links", since="requested_at")
def links() -> QuerySet[ResetRequest]:
    return ResetRequest.objects.unfinished()


@sweep("reset requests", woken_by=due_row_of(ResetRequest))
def settle_reset_requests() -> int:
    return forgotten.settle_due()


@sweep("requests for a new second factor", every=60)
def end_factor_requests() -> int:
    return new_factor.expire()


@sweep("renewal notices", every=600)
def warn_of_renewal() -> int:
    return renewal.warn()


@sweep("old sessions and used tokens", every=300)
def clean() -> int:
    SessionStore.clear_expired()
    limits.forget_over()
    return single_use.forget_expired() and 0
