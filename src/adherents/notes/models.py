"""Notes that agents leave each other, and opinions that they ask of each other. All of it is the service's own."""

from enum import StrEnum
from typing import Self, cast

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import ALTERED, SealedQuerySet, readable
from adherents.members.models import Member
from adherents.vault.models import Document, State

LONGEST_WORDS = 3000
LONGEST_NAME = 120
WAITS = [State.RECEIVED, State.CHECKED, State.IN_PROGRESS]


class Occasion(models.TextChoices):
    """What a note tells of."""

    REMARK = "remark", _("Remarque")
    CALL_RECEIVED = "call_in", _("Appel reçu")
    CALL_MADE = "call_out", _("Appel passé")
    VISIT = "visit", _("Passage à l’accueil")


class NoteQuerySet(SealedQuerySet["Note"]):
    def about(self, document: Document) -> Self:
        """What is to be known while this document is decided: the notes on it and on its member, the latest first."""
        beside = Q(document=document) | Q(document__isnull=True, member=document.member_id)
        return self.filter(beside).order_by("-at", "-pk")

    def kept(self) -> Self:
        """Those that a page may show: on members, and on the documents that are still kept."""
        return self.filter(Q(document__isnull=True) | Q(document__erased_at__isnull=True))

    def of(self, member: Member) -> Self:
        """The notes on a member and on the documents that are still kept, the latest first."""
        return self.kept().filter(member=member).order_by("-at", "-pk")


class Note(models.Model):
    """What an agent noted of a member, or of one of their documents: for the service alone.

    `happened_at` and `with_whom` are a call's or a visit's.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="notes", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, null=True, related_name="notes")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField(default=timezone.now)
    occasion = models.CharField(max_length=8, choices=Occasion.choices, default=Occasion.REMARK)
    happened_at = models.DateTimeField(null=True)
    with_whom = EncryptedTextField(bound_to=["member_id", "author_id", "at"], default="", blank=True)
    words = EncryptedTextField(bound_to=["member_id", "author_id", "at"])

    objects = NoteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at", "-id"], name="notes_latest_first"),
            models.Index(fields=["at"], name="notes_by_retention"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(occasion="remark") | Q(happened_at__isnull=False), name="a_call_has_its_moment"
            )
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"

    def may_be_removed_by(self, agent: Account) -> bool:
        """By its author, and by a responsable."""
        return self.author_id == agent.pk or agent.role in TABLE[Act.REMOVE_NOTES]

    @property
    def shown_words(self) -> str:
        """For a page; a sentence where they do not open."""
        return readable(self, "words", str(ALTERED))

    @property
    def shown_with(self) -> str:
        return readable(self, "with_whom", str(ALTERED))


def waits_itself(document: Document) -> bool:
    """Whether it waits for a decision of its own: what was split, joined or filed elsewhere is decided there."""
    elsewhere = document.split_at or document.joined_at or document.relocated_at
    return document.state in WAITS and not elsewhere


def is_treated(document: Document) -> bool:
    """Whether a decision is still to come: on it, on what was made of it and of others, or on one of its parts. What was filed
    with another member is decided there, where nobody reads what was asked here.
    """
    if document.joined_into is not None:
        return cast(Document, document.joined_into).state in WAITS
    if document.split_at is not None:
        return Document.objects.filter(part_of=document.pk, state__in=WAITS).exists()
    return waits_itself(document)


class OpinionQuerySet(SealedQuerySet["Opinion"]):
    def kept(self) -> Self:
        """Those that a page may show: on documents that are still kept."""
        return self.filter(document__erased_at__isnull=True)

    def standing(self) -> Self:
        """Those that their asker did not take back."""
        return self.filter(withdrawn_at__isnull=True)

    def expected_of(self, agent: Account) -> Self:
        """What this agent is asked and has not answered, while the document still waits for a decision; the first due first."""
        open_ = self.kept().standing().filter(colleague=agent, answered_at__isnull=True)
        # The rule of `is_treated`, in one query.
        itself = Q(
            document__state__in=WAITS,
            document__joined_at=None,
            document__split_at=None,
            document__relocated_at=None,
        )
        as_one = Q(document__joined_into__state__in=WAITS)
        in_parts = Exists(Document.objects.filter(part_of=OuterRef("document"), state__in=WAITS))
        return open_.filter(itself | as_one | in_parts).order_by("due_on", "pk")

    def asked_by(self, agent: Account) -> Self:
        """What this agent asked, the latest first."""
        return self.kept().standing().filter(asker=agent).order_by("-asked_at", "-pk")


class Prospect(StrEnum):
    """What may come of an opinion that was asked: it was given; nothing, for the document is decided or the colleague has left;
    or it is still expected, late or not."""

    GIVEN = "given"
    DECIDED = "decided"
    NOBODY = "nobody"
    LATE = "late"
    EXPECTED = "expected"


class Opinion(models.Model):
    """A second opinion on a document: an agent asks a colleague, and keeps the document. The colleague answers in words."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="opinions")
    asker = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="opinions_asked")
    colleague = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="opinions_expected", db_index=False
    )
    asked_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(help_text="the day by which the asker wants it")
    question = EncryptedTextField(bound_to=["document_id", "asker_id", "colleague_id", "asked_at"])
    answer = EncryptedTextField(bound_to=["document_id", "asker_id", "colleague_id", "asked_at"], default="")
    answered_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = OpinionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["colleague", "due_on", "id"],
                condition=Q(answered_at__isnull=True, withdrawn_at__isnull=True),
                name="opinions_expected",
            ),
            models.Index(fields=["asked_at"], name="opinions_by_retention"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "colleague"],
                condition=Q(answered_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_opinion_of_each",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="answered_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"opinion {self.pk}"

    @property
    def reference(self) -> str:
        """How drafts name it."""
        return f"opinion:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None

    @property
    def prospect(self) -> Prospect:
        """What may still come of it."""
        if self.answered_at is not None:
            return Prospect.GIVEN
        if not is_treated(self.document):
            return Prospect.DECIDED
        if self.colleague.closed_at is not None or self.colleague.role not in TABLE[Act.NOTES]:
            return Prospect.NOBODY
        return Prospect.LATE if self.due_on < timezone.localdate() else Prospect.EXPECTED

    @property
    def shown_question(self) -> str:
        """For a page; a sentence where it does not open."""
        return readable(self, "question", str(ALTERED))

    @property
    def shown_answer(self) -> str:
        return readable(self, "answer", str(ALTERED))
