"""Whether this member may still send. It is checked again when files are accepted, because bytes take minutes to come."""

from adherents.accounts.models import Account
from adherents.database.transactions import needs_transaction
from adherents.members.models import Member


class Closed(Exception):
    """The member's account was closed while this was on its way: nothing of it is accepted."""


@needs_transaction
def check_open(member: Member) -> None:
    """To be called first in the transaction that accepts. Closing the account waits for
    that transaction to end. Raises `Closed`.
    """
    if member.account_id is None:
        return
    # A column, and no model made of it: asked at each deposit.
    account = Account.objects.select_for_update(no_key=True).filter(pk=member.account_id)
    if any(account.values_list("closed_at", flat=True)):
        raise Closed


@needs_transaction
def lock(member: Member) -> None:
    """Lock the member in the caller's transaction, so that files are counted one request at a time. Call `check_open` first."""
    len(Member.objects.select_for_update(no_key=True).filter(pk=member.pk).values_list("pk"))
