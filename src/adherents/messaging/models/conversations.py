"""Threads between a member and the service, what is said in them, and the answers that agents keep ready."""

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import ALTERED, SealedQuerySet, readable
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members.models import Member
from adherents.messaging.finding import NO_DOCUMENT, ThreadState
from adherents.vault.models import Document
from adherents.work.models import DueWork, DueWorkQuerySet

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

LONGEST_SUBJECT = 120
LONGEST_BODY = 5000
RARE_KIND = 500  # documents at most
_UNFOLLOWED = Q(agent__isnull=True) | Q(agent__closed_at__isnull=False)


class ThreadQuerySet(SealedQuerySet["Thread"]):
    def of(self, member: Member) -> Self:
        """A member's threads, the latest first."""
        return self.filter(member=member).order_by("-last_at", "pk")

    def unread_by(self, member: Member) -> Self:
        """Those in which something waits for the member."""
        return self.filter(member=member, unread_by_member=True)

    def still_open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)

    def without_an_agent(self) -> Self:
        """The threads that no agent follows, or an agent who has left."""
        return self.filter(_UNFOLLOWED)

    def followed_by(self, agent: Account) -> Self:
        return self.filter(agent=agent)

    def to_answer_by(self, agent: Account) -> Self:
        """The threads in which a member waits for this agent or for any, and those handed over to this agent and not read yet."""
        something = Q(waits_since__isnull=False) | Q(unread_by_service=True)
        return self.still_open().filter(_UNFOLLOWED | Q(agent=agent), something)

    def in_state(self, state: str) -> Self:
        """Those in one of the `ThreadState`s."""
        if state == ThreadState.WAITING:
            return self.filter(waits_since__isnull=False)
        if state == ThreadState.CLOSED:
            return self.closed()
        return self.still_open().filter(waits_since__isnull=True)

    def about_kind(self, kind: str) -> Self:
        """Those about a document of this kind; `NO_DOCUMENT`: about none.

        Of a rare kind, the documents lead to them. Of a common one, the latest threads are looked at one after the other until a
        page is full: SQLite would find the threads of all its documents and sort them. One query beside it.
        """
        if kind == NO_DOCUMENT:
            # Not through the index of documents: SQLite takes it for a few threads, and would sort half of them all.
            about_none = Case(When(document__isnull=True, then=1), default=0)
            return self.alias(about_none=about_none).filter(about_none=1)
        of_kind = Document.objects.filter(kind=kind).order_by()
        few = list(of_kind.values_list("pk", flat=True)[: RARE_KIND + 1])
        if len(few) <= RARE_KIND:
            return self.filter(document__in=few)
        return self.filter(Exists(of_kind.filter(pk=OuterRef("document"))))

    def answered_by(self, agent_id: int) -> Self:
        """Those in which this agent wrote to the member."""
        answers = Message.objects.filter(author=agent_id, from_member=False, internal=False)
        return self.filter(Exists(answers.filter(thread=OuterRef("pk"))))

    def as_they_should_be_answered(self) -> Self:
        """The threads without an agent first, then those in which the member has waited longest."""
        unfollowed_first = Case(When(_UNFOLLOWED, then=0), default=1)
        return self.order_by(unfollowed_first, F("waits_since").asc(nulls_last=True), "-last_at", "pk")


class Thread(models.Model):
    """One subject between a member and the service.

    `agent` follows it (null: the first one who answers will). `waits_since`: when the member wrote, if no agent has answered
    since. Each side has its unread mark; the service's stays until the agent who follows it opens it, or an agent answers.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="threads")
    subject = EncryptedTextField(bound_to=["id", "member_id"])
    document = models.ForeignKey(
        Document, on_delete=models.SET_NULL, null=True, related_name="threads", help_text="what it is about"
    )
    agent = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="threads")
    opened_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now, help_text="of the last message that the member sees")
    closed_at = models.DateTimeField(null=True)
    waits_since = models.DateTimeField(null=True)
    unread_by_member = models.BooleanField(default=False)
    unread_by_service = models.BooleanField(default=False)

    objects = ThreadQuerySet.as_manager()
    messages: "RelatedManager[Message]"

    class Meta:
        indexes = [
            models.Index(fields=["member", "-last_at", "id"], name="threads_latest_first"),
            models.Index(fields=["opened_at", "id"], name="threads_as_they_came"),
            models.Index(
                fields=["agent", "last_at", "id"], condition=Q(closed_at__isnull=True), name="threads_open"
            ),
            models.Index(
                fields=["closed_at"], condition=Q(closed_at__isnull=False), name="threads_by_retention"
            ),
            models.Index(fields=["member"], condition=Q(unread_by_member=True), name="threads_unread"),
            # What the desk's search narrows by, each in the order in which it shows: the latest first.
            models.Index(fields=["-last_at", "id"], name="threads_by_last"),
            models.Index(fields=["agent", "-last_at", "id"], name="threads_of_agent"),
            models.Index(
                fields=["-last_at", "id"], condition=Q(closed_at__isnull=True), name="threads_open_by_last"
            ),
            models.Index(
                fields=["-last_at", "id"], condition=Q(waits_since__isnull=False), name="threads_waiting"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(waits_since__isnull=True, unread_by_service=False),
                name="nothing_waits_in_a_closed_thread",
            )
        ]

    def __str__(self) -> str:
        return f"thread {self.pk}"

    @property
    def reference(self) -> str:
        """How drafts name this thread."""
        return f"thread:{self.pk}"

    @property
    def shown_subject(self) -> str:
        """For a page; a sentence where it does not open."""
        return readable(self, "subject", str(ALTERED))

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def follower(self) -> Account | None:
        """The agent who follows it, unless that agent has left."""
        return self.agent if self.agent and self.agent.closed_at is None else None


class MessageQuerySet(SealedQuerySet["Message"]):
    def of(self, thread: "Thread") -> Self:
        return self.filter(thread=thread)

    def for_the_member(self) -> Self:
        """What the member may read: everything but the service's own notes. The member's side reads through this alone."""
        return self.filter(internal=False)

    def in_order(self) -> Self:
        return self.order_by("at", "pk")


class Message(models.Model):
    """What one person wrote. An `internal` note is the service's own: the member never sees it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="messages")
    from_member = models.BooleanField()
    internal = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)
    body = EncryptedTextField(bound_to=["thread_id", "author_id", "internal", "at"])
    team = models.CharField(  # noqa: DJ001 - null: not said
        max_length=60,
        null=True,
        help_text="of an answer: the agents' group as it was written; null: of before this was kept, or no answer",
    )

    objects = MessageQuerySet.as_manager()
    attachments: "RelatedManager[Attachment]"

    class Meta:
        indexes = [
            models.Index(fields=["thread", "at", "id"], name="messages_in_order"),
            models.Index(fields=["at"], name="messages_by_moment"),  # to count a week again
            models.Index(
                fields=["author", "thread"],
                condition=Q(from_member=False, internal=False),
                name="messages_answers",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(internal=False) | Q(from_member=False), name="a_note_is_never_a_members"
            )
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def shown_body(self) -> str:
        """For a page; a sentence where it does not open."""
        return readable(self, "body", str(ALTERED))


class Attachment(models.Model):
    """A document of the vault that came with a message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="attached_to")

    class Meta:
        ordering = ["document__rank"]

    def __str__(self) -> str:
        return f"attachment {self.document_id}"


class CircularQuerySet(DueWorkQuerySet):
    def latest_first(self) -> Self:
        return self.order_by("-written_at", "pk")


class Circular(DueWork):
    """One message that an agent writes to many members. `next_attempt_at`: when it begins to leave; until then it can be undone.

    The row is the work: a copy that has no thread yet and was not left out is still to send. Once it is `undone_at`, none is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="circulars")
    subject = EncryptedTextField(bound_to=["id", "agent_id"])
    body = EncryptedTextField(bound_to=["id", "agent_id"])
    count = models.PositiveIntegerField(help_text="of the members that it was written to")
    written_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[CircularQuerySet] = CircularQuerySet.as_manager()  # type: ignore[assignment]
    copies: "RelatedManager[CircularCopy]"

    class Meta:
        indexes = [models.Index(fields=["-written_at", "id"], name="circulars_latest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(undone_at__isnull=True), name="begun_or_undone"
            )
        ]

    def __str__(self) -> str:
        return f"circular {self.pk}"

    @property
    def journal_subject(self) -> str:
        """How the journal names it."""
        return subject_of(SubjectKind.CIRCULAR, self.pk)

    @property
    def can_be_undone(self) -> bool:
        return self.begun_at is None and self.undone_at is None

    @property
    def shown_subject(self) -> str:
        """For a page; a sentence where it does not open."""
        return readable(self, "subject", str(ALTERED))

    @property
    def shown_body(self) -> str:
        """For a page; a sentence where it does not open."""
        return readable(self, "body", str(ALTERED))


class CircularCopyQuerySet(models.QuerySet["CircularCopy"]):
    def left(self) -> Self:
        """Those that are still to send."""
        return self.filter(sent_at__isnull=True, left_out=False)

    def sent(self) -> Self:
        return self.filter(sent_at__isnull=False)


class CircularCopy(models.Model):
    """What one member gets of a circular: a thread. `left_out`: the account was closed meanwhile, and nothing was sent."""

    circular = models.ForeignKey(Circular, on_delete=models.CASCADE, related_name="copies")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="circular_copies")
    thread = models.OneToOneField(
        Thread,
        on_delete=models.SET_NULL,
        null=True,
        related_name="circular_copy",
        help_text="until it is erased",
    )
    sent_at = models.DateTimeField(null=True)
    left_out = models.BooleanField(default=False)

    objects = CircularCopyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "circular copies"
        constraints = [
            models.UniqueConstraint(fields=["circular", "member"], name="one_copy_a_member"),
            models.CheckConstraint(
                condition=Q(left_out=False) | Q(sent_at__isnull=True), name="sent_or_left_out"
            ),
        ]

    def __str__(self) -> str:
        return f"copy {self.pk} of circular {self.circular_id}"


class CannedAnswerQuerySet(models.QuerySet["CannedAnswer"]):
    def in_order(self) -> Self:
        return self.order_by("title", "pk")


class CannedAnswer(models.Model):
    """An answer kept ready, in both languages; `{prenom}` and its like are filled in (`placeholders.py`)."""

    title = models.CharField(max_length=80, unique=True)
    fr = models.TextField()
    en = models.TextField()
    changed_at = models.DateTimeField(default=timezone.now)

    objects = CannedAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(fr="") & ~Q(en=""), name="in_both_languages")]

    def __str__(self) -> str:
        return self.title

    def to(self, language: str) -> str:
        """Its words in that language."""
        return self.en if language.startswith("en") else self.fr
