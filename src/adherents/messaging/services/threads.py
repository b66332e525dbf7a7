"""Messages between a member and the service: each writes, is told once that something waits, and reads.

Every step takes the thread's row lock first, so that two of them on one thread happen one after the other; who begins one takes
the member's. A form that is sent twice writes once.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.database.transactions import needs_transaction
from adherents.drafts import services as drafts
from adherents.drafts.kinds import DraftKind
from adherents.feed.event_types import EventType
from adherents.feed.services import announce
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.members.models import Member
from adherents.messaging import mails, placeholders
from adherents.messaging.models import Attachment, Message, Thread
from adherents.messaging.services import tallying
from adherents.messaging.services.answer_files import attach_files, check_agent, first_message
from adherents.messaging.services.twice import NOTHING, sent_again
from adherents.vault.models import Document
from adherents.vault.origins import Origin
from adherents.vault.services.attaching import attach
from adherents.vault.services.receiving import FormFiles
from adherents.vault.services.standing import check_open, lock

SAME_VISIT = timedelta(minutes=10)


class MessageRefused(Exception):
    """Why this cannot be done now, in words for the agent."""

    message: str | Promise = _("Cela ne peut pas se faire maintenant.")
    field = ""  # of the form, where that is what to mend


class SomethingNew(MessageRefused):
    message = _(
        "Un message est arrivé entre-temps : lisez-le, puis envoyez le vôtre, qui est gardé ci-dessous."
    )


class MemberAccountClosed(MessageRefused):
    message = _("Ce compte est fermé : l’adhérent ne pourrait pas lire votre message.")


class ThreadClosed(MessageRefused):
    message = _("Cette conversation est fermée : rouvrez-la d’abord.")


class TakenAlready(MessageRefused):
    message = _("Quelqu’un d’autre suit déjà cette conversation.")


class CannotFollow(MessageRefused):
    message = _("Cette personne ne peut pas suivre de conversation.")


class CannotAttach(MessageRefused):
    message = _(
        "Ce document ne peut pas être joint : il vient déjà avec un message, ou n’est pas de la mutuelle."
    )


class Unfilled(MessageRefused):
    field = "body"
    message = _("Complétez ce qui est encore entre accolades, ou effacez-le.")


# The member's side: another's thread or document is as one that never was.


def open_thread(
    *,
    acting: Acting,
    author: Account,
    subject: str,
    body: str,
    document_id: uuid.UUID | None = None,
    files: FormFiles = NOTHING,
) -> Thread:
    """The member writes about a subject, or about one of their documents. Raises `Document.DoesNotExist`."""
    with transaction.atomic():
        check_open(acting.file)
        lock(acting.file)
        document = Document.objects.of(acting.file).get(pk=document_id) if document_id else None
        about: dict[str, Any] = {"thread__member": acting.file, "thread__document": document}
        if (before := sent_again(author, body, files, subject=subject, **about)) is not None:
            return before.thread
        thread = Thread.objects.create(member=acting.file, subject=subject, document=document)
        written = _written_by_member(acting, thread, author, body, files)
        drafts.done(document.subject if document else "", account_id=author.pk, kind=DraftKind.MESSAGE)
        tallying.count_opened(written)
    return thread


def write(
    *, acting: Acting, author: Account, thread_id: uuid.UUID, body: str, files: FormFiles = NOTHING
) -> Thread:
    """The member writes in a thread; a closed one opens again. Raises `Thread.DoesNotExist`."""
    with transaction.atomic():
        thread = _locked(thread_id, member=acting.file)
        if sent_again(author, body, files, thread=thread) is not None:
            return thread
        written = _written_by_member(acting, thread, author, body, files)
        drafts.done(thread.reference, account_id=author.pk, kind=DraftKind.REPLY)
        tallying.count_opened(written)
    return thread


def read_by_member(*, acting: Acting, thread_id: uuid.UUID) -> Thread:
    """The member has the thread on the screen. Raises `Thread.DoesNotExist`."""
    with transaction.atomic():
        unread = Thread.objects.filter(pk=thread_id, member=acting.file, unread_by_member=True)
        if unread.update(unread_by_member=False):
            _record(Event.MESSAGES_READ, acting.file, thread_id, by=acting.actor)
        return Thread.objects.select_related("document").get(pk=thread_id, member=acting.file)


# The service's side.


def start(
    *,
    agent: Account,
    member: Member,
    subject: str,
    body: str,
    document: Document | None = None,
    papers: Sequence[Document] = (),
    files: FormFiles = NOTHING,
) -> Thread:
    """An agent writes first, and follows the thread; a system of the insurer writes, and follows none.

    `papers`: documents that the insurer put in the member's vault. `files`: of an agent's form. Raises `MemberAccountClosed`,
    `Unfilled` or `CannotAttach`; with files, as `attach_to_answer`, and `ActRefused`.
    """
    with transaction.atomic():
        check_agent(agent, files)
        lock(member)
        about: dict[str, Any] = {"thread__member": member, "thread__document": document}
        # A person presses twice. A system that calls twice says itself whether it means once.
        if (
            agent.is_agent
            and (before := sent_again(agent, body, files, subject=subject, **about)) is not None
        ):
            return before.thread
        follower = agent if agent.is_agent else None
        thread = Thread(member=member, subject=subject, document=document, agent=follower)
        _check_can_be_sent(thread, body)
        thread.save(force_insert=True)
        joined = attach_files(agent=agent, member=member, about=first_message(member), files=files)
        _written_by_agent(thread, agent, body, papers, joined)
        drafts.done(member.subject, account_id=agent.pk, kind=DraftKind.FIRST_MESSAGE)
    return thread


@needs_transaction
def write_first(thread: Thread, agent: Account, body: str) -> None:
    """Begin a thread that is not saved yet with the service's words, in the caller's transaction, the member's row locked.

    Raises `MemberAccountClosed` or `Unfilled`.
    """
    _check_can_be_sent(thread, body)
    thread.save(force_insert=True)
    _written_by_agent(thread, agent, body, (), ())


def answer(
    *,
    agent: Account,
    thread_id: uuid.UUID,
    body: str,
    after: int,
    then_close: bool = False,
    papers: Sequence[Document] = (),
    files: FormFiles = NOTHING,
) -> Thread:
    """Send an answer. The agent follows the thread from now on, if no agent did. `after`: the last message that the agent saw.

    Raises `SomethingNew`, `ThreadClosed`, `MemberAccountClosed`, `Unfilled`, `CannotAttach` or `Thread.DoesNotExist`; with files,
    as `attach_to_answer`, and `ActRefused`.
    """
    with transaction.atomic():
        check_agent(agent, files)
        thread = _locked(thread_id)
        if files.brings_any and sent_again(agent, body, files, thread=thread) is not None:
            return thread
        _check_nothing_new(thread, after)
        if thread.is_closed:
            raise ThreadClosed
        _check_can_be_sent(thread, body)
        if thread.follower is None and agent.is_agent:
            thread.agent = agent
        joined = attach_files(agent=agent, member=thread.member, about=thread.reference, files=files)
        written = _written_by_agent(thread, agent, body, papers, joined)
        drafts.done(thread.reference, account_id=agent.pk, kind=DraftKind.ANSWER)
        if then_close:
            _close(thread, agent)
        tallying.count_answered(written)
    return thread


def note(*, agent: Account, thread_id: uuid.UUID, body: str) -> Thread:
    """A note for the service alone. It moves nothing that the member could see. Raises `Thread.DoesNotExist`."""
    with transaction.atomic():
        thread = _locked(thread_id)
        if sent_again(agent, body, thread=thread, internal=True) is not None:
            return thread
        written = Message.objects.create(
            thread=thread, author=agent, from_member=False, internal=True, body=body
        )
        drafts.done(thread.reference, account_id=agent.pk, kind=DraftKind.NOTE)
        _record(Event.NOTE_WRITTEN, thread.member, thread.pk, by=agent.actor, message=written.pk)
    return thread


def take(*, agent: Account, thread_id: uuid.UUID) -> Thread:
    """Follow a thread that no agent follows. Raises `TakenAlready`, `ThreadClosed` or `Thread.DoesNotExist`."""
    with transaction.atomic():
        thread = _locked(thread_id)
        if thread.follower not in {None, agent}:
            raise TakenAlready
        _hand_over(thread, agent, by=agent)
    return thread


def transfer(*, agent: Account, thread_id: uuid.UUID, to: Account | None) -> Thread:
    """Hand the thread over, to another agent or back to all. It is unread for the agent who gets it.

    Raises `CannotFollow`, `ThreadClosed` or `Thread.DoesNotExist`.
    """
    if to is not None and (to.closed_at is not None or Act.MESSAGES not in acts_of(to)):
        raise CannotFollow
    with transaction.atomic():
        thread = _locked(thread_id)
        _hand_over(thread, to, by=agent)
    return thread


def close(*, agent: Account, thread_id: uuid.UUID, after: int) -> Thread:
    """Nothing waits in it any more. Raises `SomethingNew` or `Thread.DoesNotExist`. Twice is once."""
    with transaction.atomic():
        thread = _locked(thread_id)
        _check_nothing_new(thread, after)
        if not thread.is_closed:
            _close(thread, agent)
            drafts.forget(about=thread.reference, kinds=[DraftKind.ANSWER], account_id=agent.pk)
    return thread


def reopen(*, agent: Account, thread_id: uuid.UUID) -> Thread:
    """Raises `Thread.DoesNotExist`. Twice is once."""
    with transaction.atomic():
        thread = _locked(thread_id)
        if thread.is_closed:
            thread.closed_at = None
            thread.save(update_fields=["closed_at"])
            _record(Event.THREAD_REOPENED, thread.member, thread.pk, by=agent.actor)
    return thread


def read_by_agent(*, agent: Account, thread: Thread) -> None:
    """The agent has the thread on the screen: journalled once a visit. The unread mark goes if it is the agent's own."""
    mine = Entry.objects.about(thread.member.subject).filter(
        event=Event.MESSAGES_READ,
        actor=agent.actor,
        details__thread=str(thread.pk),
        at__gt=timezone.now() - SAME_VISIT,
    )
    with transaction.atomic():
        Thread.objects.filter(pk=thread.pk, agent=agent, unread_by_service=True).update(
            unread_by_service=False
        )
        if not mine.exists():
            _record(Event.MESSAGES_READ, thread.member, thread.pk, by=agent.actor)


def _locked(thread_id: uuid.UUID, **conditions: object) -> Thread:
    # Not joined with its agent: after a wait, PostgreSQL re-reads the locked row but not the row joined beside it.
    rows = Thread.objects.select_related("member__account").select_for_update(of=("self",))
    return rows.get(pk=thread_id, **conditions)


def _record(event: Event, member: Member, thread_id: uuid.UUID, *, by: str, **details: int) -> None:
    record(event, subject=member.subject, owner=member.subject, actor=by, thread=str(thread_id), **details)


def _written_by_member(
    acting: Acting, thread: Thread, author: Account, body: str, files: FormFiles
) -> Message:
    written = Message.objects.create(thread=thread, author=author, from_member=True, body=body)
    documents = attach(acting=acting, files=files)
    Attachment.objects.bulk_create(Attachment(message=written, document=document) for document in documents)
    thread.last_at, thread.closed_at = written.at, None
    thread.waits_since = thread.waits_since or written.at
    thread.unread_by_service = True
    thread.save(update_fields=["last_at", "closed_at", "waits_since", "unread_by_service"])
    _record(
        Event.MESSAGE_WRITTEN,
        thread.member,
        thread.pk,
        by=acting.actor,
        message=written.pk,
        files=len(documents),
    )
    announce(
        EventType.MESSAGE_RECEIVED,
        subject=thread.reference,
        owner=thread.member.subject,
        message=written.pk,
        documents=[str(document.pk) for document in documents],
    )
    return written


def _written_by_agent(
    thread: Thread, agent: Account, body: str, papers: Sequence[Document], joined: Sequence[Document]
) -> Message:
    """The member is told by mail when this is the first that waits, and not again before it was read."""
    written = Message.objects.create(
        thread=thread, author=agent, from_member=False, body=body, team=agent.team_counted
    )
    _attach(written, papers)
    Attachment.objects.bulk_create(Attachment(message=written, document=document) for document in joined)
    is_first = not thread.unread_by_member
    thread.last_at, thread.waits_since = written.at, None
    thread.unread_by_member, thread.unread_by_service = True, False
    thread.save(update_fields=["last_at", "waits_since", "unread_by_member", "unread_by_service", "agent"])
    files = len(papers) + len(joined)
    _record(Event.MESSAGE_ANSWERED, thread.member, thread.pk, by=agent.actor, message=written.pk, files=files)
    if is_first:
        mails.message_waits(written, files=files)
    return written


def _attach(message: Message, papers: Sequence[Document]) -> None:
    """Each document comes with one message. Raises `CannotAttach`."""
    rows = Document.objects.select_for_update().filter(pk__in=[paper.pk for paper in papers])
    own = rows.kept().filter(member=message.thread.member, origin=Origin.INSURER, attached_to=None)
    if own.count() != len(papers):
        raise CannotAttach
    Attachment.objects.bulk_create(Attachment(message=message, document=paper) for paper in papers)


def _check_can_be_sent(thread: Thread, body: str) -> None:
    account = thread.member.account
    if thread.member.is_former_holder or (account is not None and account.closed_at is not None):
        raise MemberAccountClosed
    check_filled(body)


def check_filled(body: str) -> None:
    """Nothing of a ready answer is left to fill in. Raises `Unfilled`."""
    if placeholders.names_in(body) & placeholders.FIELDS.keys():
        raise Unfilled


def _check_nothing_new(thread: Thread, after: int) -> None:
    """What the agent has not seen: from the member, or from a colleague to the member."""
    if Message.objects.of(thread).for_the_member().filter(pk__gt=after).exists():
        raise SomethingNew


def _hand_over(thread: Thread, to: Account | None, *, by: Account) -> None:
    if thread.is_closed:
        raise ThreadClosed
    if thread.agent_id == (to.pk if to else None):
        return
    thread.agent = to
    thread.unread_by_service = to != by and (to is not None or thread.waits_since is not None)
    thread.save(update_fields=["agent", "unread_by_service"])
    _record(Event.THREAD_TRANSFERRED, thread.member, thread.pk, by=by.actor, to_agent=to.pk if to else 0)


def _close(thread: Thread, agent: Account) -> None:
    thread.closed_at = timezone.now()
    thread.waits_since, thread.unread_by_service = None, False
    thread.save(update_fields=["closed_at", "waits_since", "unread_by_service"])
    _record(Event.THREAD_CLOSED, thread.member, thread.pk, by=agent.actor)
