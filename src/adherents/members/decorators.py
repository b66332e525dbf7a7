"""How a member's page begins: who acts, on whose file."""

from django.http import Http404, HttpRequest

from adherents.accounts.decorators import account_of
from adherents.members.acting import Acting, May, acting_for


def acting_of(request: HttpRequest, *wanted: May) -> Acting:
    """Who acts on this page, and on whose file; 404 once the register has no line of it, 403 for what is not permitted there."""
    acting = acting_for(account_of(request))
    if acting is None:
        raise Http404
    acting.check(*wanted)
    return acting
