"""What happens to the person who had a number, or a rank, that is another person's from now on.

Their record loses it and keeps all the rest: account, documents, messages, history, each as long as its own retention.
"""

from collections.abc import Collection

from django.utils import timezone

from adherents.accounts import mails
from adherents.accounts.services.retiring import retire
from adherents.crypto.rows import moved
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members.intake.former_numbers import former_number
from adherents.members.intake.sheets import number_of
from adherents.members.models import Beneficiary, Member


@needs_transaction
def take_number_from(number: str, *, actor: str) -> None:
    """The member can no longer sign in, and is told. They are ended already. Must be called in a transaction."""
    member = Member.objects.select_for_update().get(number=number)
    now = timezone.now()
    own = former_number(member.pk)
    # A value that was sealed for the number would open as the NIR of the person who has the number now.
    for person in Beneficiary.objects.of(member).select_related("member"):
        Beneficiary.objects.filter(pk=person.pk).update(nir=moved(person, "nir", own, person.rank))
    Member.objects.filter(pk=member.pk).update(
        number=own,
        nir=moved(member, "nir", own),
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


@needs_transaction
def take_ranks(keys: Collection[str], *, actor: str) -> None:
    """The same for beneficiaries, by number/rank. Must be called in a transaction."""
    for key in sorted(keys):
        number, rank = number_of(key), int(key.rpartition("/")[2])
        row = Beneficiary.objects.select_related("member").get(member__number=number, rank=rank)
        rankless = moved(row, "nir", number, None)
        Beneficiary.objects.filter(pk=row.pk).update(rank=None, nir=rankless, row_digest=b"")
        record(
            Event.RANK_GIVEN,
            subject=subject_of(SubjectKind.MEMBER, row.member_id),
            actor=actor,
            beneficiary=row.pk,
        )
