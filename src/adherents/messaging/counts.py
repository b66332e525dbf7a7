from django.http import HttpRequest

from adherents.accounts.models import Account, Role
from adherents.members.acting import acting_for
from adherents.messaging.models import Thread
from adherents.ui.counts import count


@count("threads")
def unread_messages(request: HttpRequest) -> int:
    """In how many threads something waits for the member."""
    account = getattr(request, "user", None)
    acting = acting_for(account) if isinstance(account, Account) and account.role == Role.MEMBER else None
    return Thread.objects.unread_by(acting.file).count() if acting else 0
