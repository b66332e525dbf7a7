"""What enters the queue, and what leaves it without an agent. Sweeps find it, because the vault does not know the desk."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework.models import Correction, Item, Relocation, Status
from adherents.casework.services import deposits
from adherents.casework.services.queue import leave
from adherents.casework.services.releasing import put_kept_right
from adherents.insurer.calendar import add_working_days, beginning_of
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members.models import Beneficiary
from adherents.vault.models import Document, State
from adherents.vault.origins import BY_DESK, Origin
from adherents.vault.services import filing


class CannotTreatAttachment(Exception):
    """Why this attachment cannot be made a document to treat, in words for the agent."""

    message: str | Promise = _("Cette pièce jointe ne peut pas devenir un document à traiter.")


class NoLongerTreats(CannotTreatAttachment):
    message = _("Vous ne traitez plus de documents.")


class NoKind(CannotTreatAttachment):
    message = _("Choisissez un type de la liste.")


class TreatedAlready(CannotTreatAttachment):
    message = _("Cette pièce jointe est déjà un document à traiter.")


class AttachmentDestroyed(CannotTreatAttachment):
    message = _("Cette pièce jointe a été détruite, ou ne s’ouvre pas.")


LATELY = timedelta(hours=1)  # what each round looks at; the whole is gone through less often
A_ROUND = 200


def ready_to_enter() -> QuerySet[Document]:
    """Documents whose checks are done and that are not in the queue yet."""
    return Document.objects.filter(
        ~Exists(Item.objects.filter(document=OuterRef("pk"))),
        state=State.CHECKED,
        origin=Origin.MEMBER,
        set_aside="",
        erased_at=None,
        checked_at__isnull=False,
    )


def enter_checked(*, since: datetime | None = None, limit: int = A_ROUND) -> int:
    """Each document that a member sent and whose checks are done enters the queue once; how many did.

    `since`: only those checked later, which is quick however many wait. Two workers never enter one twice: its row is locked.
    """
    ready = ready_to_enter()
    if since is not None:
        ready = ready.filter(checked_at__gte=since)
    if (
        not ready.exists()
    ):  # nearly always: a transaction would take SQLite's one place to write, at each round of each worker
        return 0
    with transaction.atomic():
        locked = list(
            ready.order_by("checked_at", "pk")
            .select_related("deposit")  # which never changes
            .select_for_update(skip_locked=True, of=("self",))
            .defer("wrapped_key")[:limit]
        )
        # What another worker entered between the look and the lock is seen only now.
        entered = set(Item.objects.filter(document__in=locked).values_list("document_id", flat=True))
        fresh = [document for document in locked if document.pk not in entered]
        beside = deposits.holders({document.deposit_id for document in fresh}) if fresh else {}
        Item.objects.bulk_create([_item(document, beside.get(document.deposit_id)) for document in fresh])
    return len(fresh)


def enter_attachment(
    *, agent: Account, document: Document, kind: str, beneficiary: Beneficiary | None
) -> Document:
    """An agent makes what came with a member's message a document to treat. It waits at once if its checks are done, else
    once they are. Its promise counts from the message. Gives its row. Raises `CannotTreatAttachment`.
    """
    with transaction.atomic():
        try:
            agent = check_act(agent=agent, act=Act.TREAT)
            made = filing.treat_attachment(
                document_id=document.pk, kind=kind, beneficiary=beneficiary, actor=agent.actor
            )
        except ActRefused as error:
            raise NoLongerTreats from error
        except filing.NoSuchKind as error:
            raise NoKind from error
        except filing.NotAnAttachment as error:
            raise TreatedAlready from error
        except filing.AttachmentGone as error:
            raise AttachmentDestroyed from error
        if made.state == State.CHECKED and made.checked_at is not None:
            Item.objects.bulk_create([_item(made)])
    return made


def enter_lately() -> int:
    """`enter_checked` for the documents that passed their checks just now."""
    return enter_checked(since=timezone.now() - LATELY)


def put_right(limit: int = A_ROUND) -> int:
    """Correct what the quick round does not see: documents that it missed, or that were taken back, destroyed or set aside.

    Returns how many items moved.
    """
    return enter_checked(limit=limit) + _leave(limit) + _come_back(limit) + put_kept_right(limit)


def _item(document: Document, beside: Item | None = None) -> Item:
    """`beside`: what of the same deposit an agent has in hand. That agent gets this one too, before the lease ends."""
    item = Item(
        document=document,
        kind=document.kind,
        due_on=document.answer_expected_on,
        entered_at=document.checked_at or timezone.now(),
    )
    if document.deposit.way == BY_DESK:
        _as_before(item)
    asker = _answer(document) if document.answers_id else None
    if asker is not None:
        item.reserved_for, item.reserved_since, item.reserved_until = asker, timezone.now(), kept_until()
    elif beside is not None and beside.agent is not None and deposits.treats_document(beside.agent, document):
        item.reserved_for, item.reserved_until = beside.agent, beside.leased_until
        item.reserved_since = timezone.now()
    return item


def _as_before(item: Item) -> None:
    """What came from another member's file keeps the place in the queue and the promise that it had there."""
    relocation = Relocation.objects.filter(copy=item.document_id).select_related("item").first()
    if relocation is not None:
        was = relocation.item
        item.due_on, item.entered_at, item.was_late = was.due_on, was.entered_at, was.was_late


def _answer(document: Document) -> Account | None:
    """If this document answers a correction, close the correction. Returns the agent who gets the answer first."""
    corrections = Correction.objects.filter(document=document.answers_id).select_related("agent")
    asked = corrections.order_by("-asked_at", "-pk").first()
    if asked is None:
        return None
    now = timezone.now()
    if Correction.objects.filter(pk=asked.pk, answered_at=None).update(answered_at=now, answer=document):
        record(
            Event.CORRECTION_ANSWERED,
            subject=subject_of(SubjectKind.DOCUMENT, document.answers_id),
            actor=subject_of(SubjectKind.MEMBER, document.deposit.sent_by_id),
            owner=document.owner,
            answer=document.subject,
        )
    agent = asked.agent
    return agent if agent.role in TABLE[Act.TREAT] and agent.closed_at is None else None


def kept_until() -> datetime:
    """An answer waits for the agent who asked for it until the end of the last of these working days."""
    day = add_working_days(timezone.localdate(), profile().casework.kept_days)
    return beginning_of(day + timedelta(days=1))


def _leave(limit: int) -> int:
    """Its member took the document back, or it was destroyed or set aside while no agent held it."""
    lost = (
        Q(document__state=State.WITHDRAWN) | Q(document__erased_at__isnull=False) | ~Q(document__set_aside="")
    )
    with transaction.atomic():
        gone = Item.objects.free().filter(lost, taken_at=None).order_by("pk")
        rows = list(gone.select_for_update(skip_locked=True, of=("self",))[:limit])
        for item in rows:
            leave(item)
    return len(rows)


def _come_back(limit: int) -> int:
    """Put a document that was set aside, and is sound after all, back in its place. The same for one that reads « En cours »
    while no agent holds it: no way leads to that state, but its member would wait without end.
    """
    open_states = [State.CHECKED, State.IN_PROGRESS]
    sound = Q(document__state__in=open_states, document__erased_at=None, document__set_aside="")
    with transaction.atomic():
        back = Item.objects.filter(sound, status=Status.GONE).order_by("pk")
        rows = list(back.select_for_update(skip_locked=True)[:limit])
        pks = [item.pk for item in rows]
        return Item.objects.filter(pk__in=pks, status=Status.GONE).update(status=Status.WAITING)
