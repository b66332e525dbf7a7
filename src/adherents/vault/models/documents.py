"""The documents of deposits."""

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from django.db import models
from django.db.models import Case, F, OuterRef, Subquery, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.inspection import antivirus
from adherents.insurer.calendar import add_working_days
from adherents.insurer.profile import profile
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members.models import Beneficiary, Member
from adherents.vault.fields import NameKeyField
from adherents.vault.legibility import WHY_UNSCANNED, SetAside, what_is_blank
from adherents.vault.models.files import NamedFile
from adherents.vault.models.parts import INDEXES_OF_MADE, RULES_OF_MADE, Divisible
from adherents.vault.models.sources import Sourced
from adherents.vault.models.turns import FairQuerySet
from adherents.vault.origins import ATTACHMENT, BY_MESSAGE, Erased, Origin, came_in_words
from adherents.work.models import DueWork

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from adherents.vault.models.pages import Page
    from adherents.vault.models.photos import GatheredPhoto
    from adherents.vault.replies import Reopened, Reply


REPLACES = "replaces"  # in the address of the page that sends: the document to replace


class State(models.TextChoices):
    """Where a document is, from its arrival to the insurer's answer."""

    RECEIVED = "received", _("Reçu")
    CHECKED = "checked", _("Vérifié")
    IN_PROGRESS = "in_progress", _("En cours")
    ACCEPTED = "accepted", _("Accepté")
    REFUSED = "refused", _("Refusé")
    INCOMPLETE = "incomplete", _("À compléter")
    WITHDRAWN = "withdrawn", _("Repris")


# Its answer is still to come. What is set aside then says so, in whichever of these it was found out.
UNANSWERED = frozenset({State.RECEIVED, State.CHECKED, State.IN_PROGRESS})


class Earlier(NamedTuple):
    """A file that was sent before: in which document, when, and under which receipt."""

    document_id: uuid.UUID
    at: datetime
    rank: int
    number: str


SHOWN_ON_A_CARD = [
    "name",
    "content_type",
    "kind",
    "sent_as",
    "at",
    "origin",
    "state",
    "set_aside",
    "answers",
    "blank_pages",
    "page_count",
    "erased_at",
    "erased_because",
    "beneficiary",
    "deposit__number",
    "deposit__channel",
    "deposit__received_on",
    "part_of",
    "first_page",
    "last_page",
    "split_at",
    "joined_at",
    "joined_count",
    "joined_into__joined_count",
    "joined_into__content_type",
    "relocated_at",
]


# What was found infected is asked about again: signatures are mended too.
_UNSCANNED = models.Q(scanned_at__isnull=True) | ~models.Q(threat="")


class DocumentQuerySet(FairQuerySet):
    def every_one_of(self, member: Member) -> Self:
        """A member's documents, newest first, those of one deposit in the order in which they came: for who is not the member."""
        return self.filter(member=member).order_by("-at", "rank", "pk")

    def of(self, member: Member) -> Self:
        """As `every_one_of`, as far as the member may know of them. The member's side reads through this alone."""
        return self.every_one_of(member).not_held_back()

    def not_held_back(self) -> Self:
        """Without what an agent attached and what the checks have not let through (`Document.is_held_back`)."""
        let_through = models.Q(checked_at__isnull=False, set_aside="")
        return self.filter(~models.Q(origin=Origin.ANSWER) | let_through)

    def kept(self) -> Self:
        """The documents that can still be opened. Of the others, only the proof is left."""
        return self.filter(erased_at__isnull=True)

    def to_scan(self) -> Self:
        """Those that wait for the antivirus before they are drawn; none where there is no antivirus."""
        return self.unfinished().filter(_UNSCANNED) if antivirus.is_set() else self.none()

    def to_draw(self) -> Self:
        """Those that wait to be drawn, and for nothing before."""
        waiting = self.unfinished()
        return waiting.exclude(_UNSCANNED) if antivirus.is_set() else waiting

    def with_what_is_shown(self) -> Self:
        """With what a page shows of each, in one query; without the key, which only reading needs."""
        return self.select_related("deposit", "beneficiary").defer("wrapped_key")

    def with_what_a_card_shows(self) -> Self:
        """With what a card of a list needs, and nothing else: a list reads many rows, and a row has forty columns."""
        return self.select_related("deposit", "beneficiary", "joined_into").only(*SHOWN_ON_A_CARD)

    def with_answers(self) -> Self:
        """Each with the latest document that was sent to replace it, and that can be treated: `answer_id`, `answered_at`.

        A document that could not be opened, and was to replace another one, counts as answered together with that one.
        """
        failed = ~models.Q(set_aside="") & models.Q(answers__isnull=False)
        waits = Case(When(failed, then=F("answers")), default=F("pk"))
        sent = self.model.objects.filter(answers=OuterRef("waits"), set_aside="", relocated_at=None).exclude(
            state=State.WITHDRAWN
        )
        latest = sent.order_by("-at", "rank")
        return self.annotate(
            waits=waits,
            answer_id=Subquery(latest.values("pk")[:1]),
            answered_at=Subquery(latest.values("at")[:1]),
        )

    def replaceable(self) -> Self:
        """The documents that were refused, incomplete or set aside: the member may send a better one instead."""
        sent = models.Q(
            part_of=None, joined_count=0
        )  # of what an agent made of it, that is what to send again
        did_not_do = models.Q(state__in=[State.REFUSED, State.INCOMPLETE]) | (~models.Q(set_aside="") & sent)
        return self.kept().filter(did_not_do, origin=Origin.MEMBER)


class Document(DueWork, Divisible, Sourced, NamedFile):
    """A document in the vault. `next_attempt_at` is when its pages should be drawn (null: drawn, or set aside).

    Once erased (`services/erasing.py`) its key is gone, its name and its note too; the rest stays, as a proof.
    One that photos are gathered in is what the worker makes of its `photos`: it has no size, SHA-256 or key before.
    A part (`part_of`, `services/splitting.py`) never has: its pages are some of its original's, which `split_at` marks.
    Nor has what was made of several (`joined_count`, `services/joining.py`): its pages are all of those that `joined_at` marks.
    """

    deposit = models.ForeignKey("vault.Deposit", on_delete=models.PROTECT, related_name="documents")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="documents")
    at = models.DateTimeField(default=timezone.now)
    rank = models.PositiveSmallIntegerField(default=1, help_text="in its deposit, from 1")
    photo_count = models.PositiveSmallIntegerField(default=0, help_text="of those that are gathered in it")
    kind = models.CharField(max_length=40)
    sent_as = models.CharField(
        max_length=40,
        default="",
        db_default="",
        blank=True,
        help_text="the kind that its member gave, where an agent chose another one since",
    )
    beneficiary = models.ForeignKey(
        Beneficiary, on_delete=models.SET_NULL, null=True, related_name="documents"
    )
    person_chosen = models.BooleanField(
        default=False, db_default=False, help_text="an agent said whom it is about, not its member"
    )
    note = models.TextField(default="", blank=True)
    answers = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="answered_by",
        help_text="the one it replaces",
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    state_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    page_count = models.PositiveIntegerField(null=True)
    blank_pages = models.JSONField(
        default=list, blank=True, help_text="the numbers of its pages that are of one single colour"
    )
    set_aside = models.CharField(max_length=12, choices=SetAside.choices, default="", blank=True)
    scanned_at = models.DateTimeField(null=True)
    scanned_by = models.CharField(
        max_length=120, default="", blank=True, help_text="the version of ClamAV and of its signatures"
    )
    threat = models.CharField(max_length=200, default="", blank=True, help_text="what ClamAV took it for")
    unscanned = models.CharField(max_length=12, choices=WHY_UNSCANNED, default="", blank=True)
    slow = models.BooleanField(default=False, help_text="too long for a quick drawing: it goes behind them")

    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.MEMBER)
    name_key = NameKeyField(max_length=200, default="", blank=True, editable=False)
    erased_at = models.DateTimeField(null=True)
    erased_because = models.CharField(max_length=12, choices=Erased.choices, default="", blank=True)

    objects: ClassVar[DocumentQuerySet] = DocumentQuerySet.as_manager()  # type: ignore[assignment]
    pages: "RelatedManager[Page]"
    photos: "RelatedManager[GatheredPhoto]"
    # Set by the selectors, for the pages that show it.
    sent_before: Earlier | None = None
    reply: "Reply | None" = None
    reopened: "Reopened | None" = None
    answer_id: uuid.UUID | None = None
    answered_at: datetime | None = None

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at", "rank", "id"], name="documents_newest_first"),
            models.Index(fields=["member", "origin", "-at", "rank", "id"], name="documents_by_origin"),
            models.Index(fields=["at", "id"], name="documents_as_they_came"),
            models.Index(fields=["state", "at", "id"], name="documents_by_state"),
            models.Index(fields=["sha256", "member"], name="documents_of_these_bytes"),
            models.Index(fields=["kind", "state_at"], name="documents_by_retention"),
            models.Index(
                fields=["checked_at"], condition=models.Q(state="checked"), name="documents_checked"
            ),
            models.Index(fields=["at"], condition=models.Q(state="received"), name="documents_received"),
            models.Index(
                fields=["at", "id"],
                condition=models.Q(origin="insurer", state="accepted", checked_at=None),
                name="documents_unopened",
            ),
            *INDEXES_OF_MADE,
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=True, erased_because="")
                | (models.Q(erased_at__isnull=False, wrapped_key=b"") & ~models.Q(erased_because="")),
                name="erased_without_a_key",
            ),
            models.CheckConstraint(
                condition=~models.Q(sha256="")
                | models.Q(photo_count__gt=0)
                | models.Q(part_of__isnull=False)
                | models.Q(joined_count__gt=0),
                name="a_file_or_those_of_others",
            ),
            *RULES_OF_MADE,
        ]

    def __str__(self) -> str:
        return f"document {self.id}"

    @property
    def sent_files(self) -> list[NamedFile]:
        """What the member sent: the document's photos, or its own file; nothing of what an agent made of them."""
        if self.has_no_bytes:
            return []
        return list(self.photos.all()) if self.photo_count else [self]

    @property
    def subject(self) -> str:
        """How the journal names it."""
        return subject_of(SubjectKind.DOCUMENT, self.id)

    @property
    def owner(self) -> str:
        """How the journal names the member whose file it is in."""
        return subject_of(SubjectKind.MEMBER, self.member_id)

    @property
    def has_its_file(self) -> bool:
        """False until the photos that it was sent as are gathered."""
        return bool(self.sha256)

    @property
    def kind_label(self) -> str:
        """The kind in the reader's language; its code when the profile has dropped it since."""
        if self.kind == ATTACHMENT:
            return str(_("Pièce jointe"))
        return profile().documents.kind_label(self.kind)

    @property
    def kind_as_sent(self) -> str:
        """The kind that its member gave: what the receipt says, and what the promise of an answer was made for."""
        return self.sent_as or self.kind

    @property
    def treatment_days(self) -> int:
        """In how many working days the profile says that this kind is treated: the longest delay where it was not known.

        What was promised stays when an agent says which kind it is; of what came with a message, nothing was.
        """
        try:
            return profile().documents.kind(self.kind_as_sent).treatment_days
        except KeyError:
            return max(kind.treatment_days for kind in profile().documents.kinds)

    @property
    def channel(self) -> str:
        """The `way` of its deposit; or `BY_MESSAGE`, where an agent made an attachment a document to treat."""
        return BY_MESSAGE if self.sent_as == ATTACHMENT else self.deposit.way

    @property
    def came_in_words(self) -> str:
        """« reçu par courrier le 12/11/2026 »; "" for what was sent by the portal as a document."""
        return came_in_words(self.channel, self.came_on)

    @property
    def came_on(self) -> date:
        """The day from which its promise counts: that on which it came by post, say, or that of its deposit."""
        return self.deposit.received_on or timezone.localdate(self.at)

    @property
    def answer_expected_on(self) -> date:
        """The working day by which it should be treated."""
        return add_working_days(self.came_on, self.treatment_days)

    @property
    def shown_state(self) -> tuple[str, str]:
        """A code that `ui.states` knows, and its words: why it was set aside says more than « Reçu »."""
        if self.erased_because == Erased.RETENTION:
            return "withdrawn", str(_("Effacé"))
        if self.origin == Origin.INSURER:
            return "", ""  # no agent has to answer it
        if self.split_at is not None and not self.set_aside:
            return "split", str(_("Réparti"))
        if self.joined_at is not None and not self.set_aside:
            return "joined", str(_("Réuni"))
        if self.relocated_at is not None and not self.set_aside:
            return "relocated", str(_("Classé dans un autre dossier"))
        if self.set_aside and self.state in UNANSWERED:
            return "set_aside", str(SetAside(self.set_aside).label)
        if self.came_with_message:
            return "", ""  # the message is what gets an answer
        return self.state, str(State(self.state).label)

    @property
    def desk_state(self) -> tuple[str, str]:
        """As `shown_state`, for agents: they also see that a document waits for the antivirus."""
        if self.unscanned and not self.set_aside:
            return "waiting", str(_("en attente d’analyse"))
        return self.shown_state

    @property
    def blank_words(self) -> str:
        """« Rien ne se voit sur la page 2. », or ""."""
        return what_is_blank(self)

    @property
    def waits_for_answer(self) -> bool:
        """Whether the service owes its member an answer: not once it was taken back, set aside, destroyed or answered."""
        kept = self.origin == Origin.MEMBER and self.erased_at is None
        elsewhere = self.split_at or self.joined_at or self.relocated_at
        return kept and not self.set_aside and not elsewhere and self.state in UNANSWERED

    @property
    def is_decided(self) -> bool:
        return self.state in {State.ACCEPTED, State.REFUSED}

    @property
    def is_asked_again(self) -> bool:
        """Whether the member must send another document: this one was not good, and none that could replace it was sent.

        Read the row `with_answers`.
        """
        set_aside = self.set_aside != "" and not self.has_no_bytes
        did_not_do = self.state in {State.REFUSED, State.INCOMPLETE} or set_aside
        asks = self.reply is None or self.reply.asks
        open_to_answer = self.origin == Origin.MEMBER and self.answered_at is None and self.erased_at is None
        return did_not_do and asks and open_to_answer

    @property
    def send_instead(self) -> str:
        """The address of the page that sends a better one. If this document was to replace another one and
        could not be opened, the address names that other one: it still waits.
        """
        waits = self.answers_id if self.set_aside and self.answers_id else self.pk
        return f"{reverse('vault:send')}?{REPLACES}={waits}"

    @property
    def has_pages(self) -> bool:
        """Whether it was drawn, and may be shown. Its pages go when it is found infected or is erased."""
        return bool(self.page_count) and self.erased_at is None

    @property
    def can_be_taken_back(self) -> bool:
        """No agent has begun to treat it, and it still exists."""
        untouched = self.state in {State.RECEIVED, State.CHECKED}
        return untouched and self.origin == Origin.MEMBER and self.erased_at is None
