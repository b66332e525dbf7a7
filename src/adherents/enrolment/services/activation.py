"""« J’ai reçu un code par courrier »: from the code to the first password, and to an address where mails arrive (G8, G10)."""

from django.db import transaction

from adherents.accounts.client import Client
from adherents.accounts.services import access_link, letter, lock, passwords
from adherents.accounts.services.access_link import OpenedAccess
from adherents.enrolment.services import confirming
from adherents.members.models import Member


def open_by_letter(*, ticket: str, password: str, address: str, client: Client) -> OpenedAccess:
    """Set the password; the code no longer opens. If an address is given, it gets a link, and counts when the link is followed.

    `ticket`: of `letter.open_letter`. `address`: "" where the member has none. Raises `DeadLink`, `Locked`, `WeakPassword` or
    `PasswordChangedMeanwhile`; nothing is used up then.
    """
    link = letter.opened(ticket=ticket)
    lock.check_not_waiting(link.account.identifier, lock.device_of(link.account, client))
    encoded = passwords.encode_new(account=link.account, password=password)
    with transaction.atomic():
        opened = access_link.set_password(link=link, encoded=encoded, client=client)
        if address:
            member = Member.objects.select_related("account").get(account=opened.account)
            confirming.propose(member=member, address=address)
    return opened
