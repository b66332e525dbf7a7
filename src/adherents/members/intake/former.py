"""What becomes of whoever had a number, or a rank, that is another person's from now on.

Their record loses it and keeps all the rest: account, documents, messages, history, each as long as its own retention.
"""

from collections.abc import Collection

from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.services.retiring import retire
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.intake.sheets import number_of
from adherents.members.models import Beneficiary, Member


def take_number_from(number: str, *, actor: str) -> None:
    """The member signs in no more, and is told. They are ended already. Must be called in a transaction."""
    member = Member.objects.select_for_update().get(number=number)
    now = timezone.now()
    Member.objects.filter(pk=member.pk).update(
        # In lower case: whatever is typed as a number is folded up, and the file's have capitals only.
        number=f"former:{member.pk}",
        former_number=number,
        number_given_at=now,
        row_digest=b"",
    )
    record(Event.NUMBER_GIVEN, subject=member.subject, actor=actor)
    account = member.account
    if account is not None:
        retire(account=account, actor=actor)
    reached = account or member
    mails.number_given(to=reached.email, language=reached.language, name=member.name, number=number)


def take_ranks(keys: Collection[str], *, actor: str) -> None:
    """The same for beneficiaries, by number/rank. Must be called in a transaction."""
    for key in sorted(keys):
        row = Beneficiary.objects.get(member__number=number_of(key), rank=int(key.rpartition("/")[2]))
        Beneficiary.objects.filter(pk=row.pk).update(rank=None, row_digest=b"")
        record(Event.RANK_GIVEN, subject=f"member:{row.member_id}", actor=actor, beneficiary=row.pk)
