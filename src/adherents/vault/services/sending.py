"""« Envoyer »: what a page prepared becomes a deposit, once, however often it is pressed or asked again."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.members.acting import Acting, on_own_file
from adherents.members.models import Member
from adherents.vault.models import Deposit, Sending
from adherents.vault.services.deposit import FilesGone, Form, WayIn, from_agent, from_member
from adherents.vault.services.preparing import KEPT_FOR, SentAlready, locked, opened, set_apart
from adherents.vault.services.receiving import Arrived, FormFiles, discard, keep_all
from adherents.vault.services.standing import check_open


class NoLongerHolder(Exception):
    """The member's number is another person's since: nothing is deposited for whom it was before."""


def send(*, acting: Acting, sending_id: uuid.UUID, form: Form, files: FormFiles) -> Deposit:
    """Deposit the files that the page names and those that came with it, and nothing that another page brought.

    Asked again for the same, it gives the same deposit, and nothing is left of what came twice. Raises `SentAlready` when the
    sending left without some of it (a file, also one that was refused, or what the form says of them), `FilesGone`,
    `NothingArrived` or `Closed`: what arrived is still the caller's then.
    """
    with transaction.atomic():
        check_open(acting.file)
        made, is_new = _once(acting, sending_id, form, files, None)
    if not is_new:
        discard(files.arrived)
    return made


def enter_deposit(
    *, member: Member, sending_id: uuid.UUID, form: Form, came: WayIn, files: FormFiles
) -> Deposit:
    """As `send`, by an agent, of what came for a member by post, at the counter or by mail. Its promise counts from `came.on`.

    Also for a member who never connected, or whose account is closed. Raises `ActRefused`, `NoLongerHolder`, `SentAlready`,
    `FilesGone` or `NothingArrived`: what arrived is still the caller's then.
    """
    with transaction.atomic():
        check_act(agent=came.agent, act=Act.ENTER_DEPOSIT)
        if member.is_former_holder:
            raise NoLongerHolder
        made, is_new = _once(on_own_file(member), sending_id, form, files, came)
    if not is_new:
        discard(files.arrived)
    return made


def keep_for_agent(
    *, agent: Account, member: Member, sending_id: uuid.UUID, arrived: Sequence[Arrived]
) -> Sending:
    """Keep for a day the files of a form that was refused, for this agent to finish. Raises `SentAlready`, `TooManyOpen` or
    `ActRefused`: the files are still the caller's then.
    """
    with transaction.atomic():
        check_act(agent=agent, act=Act.ENTER_DEPOSIT)
        sending = opened(member=member, sending_id=sending_id, agent=agent)
        keep_all(member=member, arrived=arrived, sending=sending)
    return sending


def _once(
    acting: Acting, sending_id: uuid.UUID, form: Form, files: FormFiles, came: WayIn | None
) -> tuple[Deposit, bool]:
    """The deposit, and whether it was made now."""
    made = None if files.arrived else _made_of(acting.file, files.named)
    try:
        sending = locked(member=acting.file, sending_id=sending_id, agent=came.agent if came else None)
    except SentAlready as before:
        if not (_holds_all(before.deposit, files) and _says(before.deposit, form, came)):
            raise
        made = before.deposit
    if made is not None:
        return made, False
    return _sent(acting, sending, form, files, came), True


def _sent(acting: Acting, sending: Sending, form: Form, files: FormFiles, came: WayIn | None) -> Deposit:
    named = {*files.named}
    if named and sending.pending_files.filter(pk__in=named).count() < len(named):
        raise FilesGone
    if came is None:
        made = from_member(acting=acting, form=form, files=files)
    else:
        made = from_agent(acting=acting, form=form, files=files, came=came)
    if came is None and sending.member.account_id:
        replaced = form.answers.subject if form.answers else ""
        drafts.done(
            replaced, f"sending:{sending.pk}", account_id=sending.member.account_id, kind=DraftKind.SENDING
        )
    set_apart(sending)
    sending.deposit, sending.note, sending.kind, sending.beneficiary = made, "", "", None
    sending.expires_at = timezone.now() + KEPT_FOR
    sending.save()
    return made


def _holds_all(made: Deposit, files: FormFiles) -> bool:
    """Is every one of these files in this deposit, or refused in it? What came anew is known by its bytes."""
    documents = list(made.sent.prefetch_related("photos"))
    sent = [*documents, *(photo for document in documents for photo in document.photos.all())]
    known = {file.sha256 for file in sent}
    refused_before = {(file["name"], file["reason"]) for file in made.refused}
    return (
        {*files.named} <= {file.pk for file in sent}
        and all(file.sealed.sha256 in known for file in files.arrived)
        and all((file.name, file.reason.value) in refused_before for file in files.refused)
    )


def _says(made: Deposit, form: Form, came: WayIn | None) -> bool:
    """Does this deposit say of its files what the form says of them?"""
    person = form.beneficiary.pk if form.beneficiary else None
    if came is not None and (made.channel, made.received_on) != (came.channel, came.on):
        return False
    sent = {
        (
            document.kind_as_sent,
            person if document.person_chosen else document.beneficiary_id,
            document.note,
        )
        for document in made.sent
    }
    return sent == {(form.kind, person, form.note)}


def _made_of(member: Member, named: Sequence[uuid.UUID]) -> Deposit | None:
    """The deposit that all of these files left in, however long ago."""
    if not named:
        return None
    mine = Deposit.objects.of(member)
    made = mine.filter(documents=named[0]).first() or mine.filter(documents__photos=named[0]).first()
    return made if made is not None and _holds_all(made, FormFiles(named=named)) else None
