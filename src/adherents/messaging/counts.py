from django.http import HttpRequest

from adherents.accounts.models import Account, Role
from adherents.messaging.models import Thread
from adherents.ui.counts import count


@count("threads")
def unread_messages(request: HttpRequest) -> int:
    """In how many threads something waits for the member."""
    account = getattr(request, "user", None)
    member = getattr(
        account, "member", None
    )  # read with the account; none once the register has let go of it
    if not isinstance(account, Account) or account.role != Role.MEMBER or member is None:
        return 0
    return Thread.objects.unread_by(member).count()
