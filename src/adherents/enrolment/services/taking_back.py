"""« Ce n’était pas moi », from the address that the member's own change replaced.

We thought of two thieves. One has the session or the password, and gave an address of their own: the owner of the former
address undoes it for a week, and no later change, password or report stops them. The other has the former mailbox: with
the birth date they put that address back, but it opens nothing; a link by mail opens nothing either, and a mail tells the new
address.
"""

from datetime import timedelta

from django.db import transaction

from adherents.accounts.models import AccessLink, Account, KnownDevice, Purpose, SessionEndReason
from adherents.accounts.services import lock
from adherents.accounts.services.access_link import DeadLink, check_birth_date, open_link, use_up
from adherents.accounts.services.compromise import remove_factors_added_since
from adherents.accounts.services.email import put_back_email
from adherents.enrolment import mails
from adherents.enrolment.models import AddressToConfirm
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.members.services.accounts import write_address

# A thief who takes an account over adds a key of their own and then changes the address.
SUSPECT_BEFORE = timedelta(days=1)


def open_change(*, token: str) -> AddressToConfirm:
    """The change that a token takes back; changes nothing. Raises `DeadLink`."""
    link = open_link(token=token, purposes=[Purpose.ADDRESS_CHANGED])
    rows = AddressToConfirm.objects.select_related("member__account", "link", "report")
    row = rows.filter(report=link).first()
    if row is None or row.member.email not in _led_to(row):
        raise DeadLink
    return row


def take_back(*, token: str, birth_date: str) -> Account:
    """Put the former address back, end every session, lock until a first connection or an agent, and tell both addresses.

    `birth_date`: AAAA-MM-JJ. Raises `WrongBirthDate`, which counts (the fifth kills the link), or `DeadLink`.
    """
    row = open_change(token=token)
    assert row.report is not None
    check_birth_date(row.report, birth_date)
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=row.member_id)
        account = Account.objects.select_for_update().get(pk=row.report.account_id)
        taken = member.email
        if account.closed_at is not None or taken not in _led_to(row) or not use_up(row.report):
            raise DeadLink
        write_address(member=member, address=row.instead_of, actor=account.subject)
        put_back_email(account=account, email=row.instead_of)
        _shut(row, account)
        record(Event.ADDRESS_TAKEN_BACK, subject=account.subject, actor=account.subject)
        mails.address_put_back(account)
        mails.address_withdrawn(account, to=taken)
    return account


def _led_to(row: AddressToConfirm) -> list[str]:
    """The addresses that this change and the member's later ones gave: an agent's, or the file's, is none of them."""
    later = AddressToConfirm.objects.filter(member=row.member_id, report__gte=row.report_id)
    return [str(change.address) for change in later]


def _shut(row: AddressToConfirm, account: Account) -> None:
    """As « ce n’était pas moi » of a new device does; and the mailbox alone no longer opens anything.

    The reports of earlier changes stay alive: else the person who made this change would undo the next one to silence them.
    """
    earlier = AddressToConfirm.objects.filter(member=row.member_id, report__lt=row.report_id)
    AccessLink.objects.exclude(pk__in=earlier.values("report")).kill_every_one_of(account)
    lock.lock_until_identified(account=account)
    account.sessions.all().end(SessionEndReason.STRANGER)
    KnownDevice.objects.filter(account=account).delete()
    remove_factors_added_since(account, row.link.created_at - SUSPECT_BEFORE)
