"""May this member still send? Asked again where what was sent is about to count: bytes take minutes to come."""

from adherents.accounts.models import Account
from adherents.database.transactions import needs_transaction
from adherents.members.models import Member


class Closed(Exception):
    """The member's account was closed while this was on its way: nothing of it is accepted."""


@needs_transaction
def check_open(member: Member) -> None:
    """To be called first in the transaction that accepts. Whoever closes the account waits for its end. Raises `Closed`."""
    if member.account_id is None:
        return
    account = Account.objects.select_for_update(no_key=True).filter(pk=member.account_id).first()
    if account is not None and account.closed_at is not None:
        raise Closed
