"""An account that closes leaves no draft behind."""

from adherents.accounts.models import Account
from adherents.accounts.services.closing import at_closing
from adherents.drafts.models import Draft


@at_closing
def forget_drafts(account: Account) -> None:
    Draft.objects.filter(account=account).delete()
