"""The files that go with a message, of a member or of an agent: sealed, scanned and drawn as all, but without a decision.

An agent's wait with a `Sending` of the agent's own, whose id the caller gives, so that they are found again.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.database.transactions import needs_transaction
from adherents.members.acting import Acting
from adherents.members.models import Member
from adherents.storage.services import delete_objects, release
from adherents.vault.models import Document, PendingFile, PendingFileQuerySet, Sending
from adherents.vault.services import receiving
from adherents.vault.services.allowance import room_of_agent
from adherents.vault.services.deposit import FilesGone, NothingArrived, with_answer, with_message
from adherents.vault.services.preparing import locked, opened
from adherents.vault.services.receiving import Arrived, FormFiles, admitted_to, keep_all
from adherents.vault.services.standing import check_open, lock


@needs_transaction
def attach(*, acting: Acting, files: FormFiles) -> list[Document]:
    """Make documents of the files, in the caller's transaction; an empty list where there are none.

    Raises `Closed` (also without files: a message may have taken minutes to arrive), `FilesGone` or `NoRoom`.
    """
    check_open(acting.file)
    if files.arrived:
        lock(acting.file)
    try:
        return list(with_message(acting=acting, files=files).documents.order_by("rank"))
    except NothingArrived:
        return []


def keep_waiting(*, member: Member, arrived: Sequence[Arrived]) -> None:
    """Keep the files for a day when the message's form was refused. Raises `Closed`: the files are then still the caller's."""
    if not arrived:
        return
    with transaction.atomic():
        check_open(member)
        lock(member)
        receiving.keep_waiting(member=member, arrived=arrived)


@needs_transaction
def attach_to_answer(
    *, agent: Account, member: Member, sending_id: uuid.UUID, files: FormFiles
) -> list[Document]:
    """Make documents of an agent's files, in the caller's transaction, which holds the agent's lock (`check_act`).

    What waits with this sending and is not named is deleted: it was unticked. Raises `FilesGone` or `NoRoom`.
    """
    waiting = waiting_for_answer(agent=agent, member=member, sending_id=sending_id)
    if not (files.brings_any or waiting.exists()):
        return []
    sending = locked(member=member, sending_id=sending_id, agent=agent)
    if waiting.filter(pk__in=files.named).count() < len({*files.named}):
        raise FilesGone
    made = with_answer(agent=agent, member=member, files=files) if files.brings_any else []
    _delete(waiting)
    if not sending._state.adding:
        sending.delete()
    return made


def keep_for_answer(
    *,
    agent: Account,
    member: Member,
    sending_id: uuid.UUID,
    arrived: Sequence[Arrived],
    chosen: Collection[uuid.UUID],
) -> None:
    """Keep for a day what arrived with an agent's message that did not leave, and of what waited what is still `chosen`.

    Raises `ActRefused`, `TooManyOpen` or `NoRoom`: the files are then still the caller's, and nothing has changed.
    """
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.MESSAGES)
        waiting = waiting_for_answer(agent=agent, member=member, sending_id=sending_id)
        _delete(waiting.exclude(pk__in=chosen))
        if arrived:
            sending = opened(member=member, sending_id=sending_id, agent=agent)
            kept = admitted_to(room_of_agent(agent), FormFiles(arrived))
            keep_all(member=member, arrived=kept.arrived, sending=sending)


def waiting_for_answer(*, agent: Account, member: Member, sending_id: uuid.UUID) -> PendingFileQuerySet:
    """What arrived for a message that this agent writes, and did not leave yet."""
    own = Sending.objects.prepared_for(member, agent).filter(pk=sending_id)
    return PendingFile.objects.waiting_for(member).filter(sending__in=own.order_by())


def _delete(waiting: Iterable[PendingFile]) -> None:
    """Their keys with this transaction, their bytes after it."""
    files = list(waiting)
    if not files:
        return
    release(files)
    PendingFile.objects.filter(pk__in=[file.pk for file in files]).delete()
    transaction.on_commit(lambda: delete_objects([file.storage_name for file in files]))
