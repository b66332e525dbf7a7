"""What the portal read on a document, each value sealed beside its proofs."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet, readable
from adherents.reading.codes.trust import Worth
from adherents.vault.models import Document
from adherents.work.models import DueWork, DueWorkQuerySet

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class ReadingOutcome(models.TextChoices):
    """What came of reading a document."""

    WAITS = "waits", _("lecture en cours")
    READ = "read", _("lu")
    NOTHING = "nothing", _("rien lu")
    NOT_TRIED = "not_tried", _("pas essayé")
    FAILED = "failed", _("la lecture n’a pas abouti")


class PaperReadingQuerySet(DueWorkQuerySet):
    def in_turn(self) -> Self:
        """What was just sent goes before what has long been there."""
        return self.order_by("behind", "next_attempt_at", "pk")

    def of_the_erased(self) -> Self:
        """Those whose document is erased: the version before this one erases it without them, during an upgrade."""
        return self.filter(document__erased_at__isnull=False)


class PaperReading(DueWork):
    """A document that is read once, or was. The row is the work; it goes when its document is erased.

    `kind`: what the paper is by what was read on it. `letters`: from where its letters come (`papers.DRAWN`, `RECOGNISED`).
    """

    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="paper_reading")
    at = models.DateTimeField(default=timezone.now)
    behind = models.BooleanField(
        default=False, help_text="its document was there long before: others go first"
    )
    outcome = models.CharField(max_length=10, choices=ReadingOutcome.choices, default=ReadingOutcome.WAITS)
    read_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=40, default="", blank=True)
    letters = models.CharField(max_length=10, default="", blank=True)
    versions = models.CharField(
        max_length=120, default="", blank=True, help_text="of the engines that read it"
    )
    failures = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="how often its reader died or lied; `attempts` has lost workers too",
    )

    objects: ClassVar[PaperReadingQuerySet] = PaperReadingQuerySet.as_manager()  # type: ignore[assignment]
    fields: "RelatedManager[PaperField]"
    codes: "RelatedManager[PrintedCode]"

    class Meta:
        indexes = [
            models.Index(
                fields=["behind", "next_attempt_at", "id"],
                condition=Q(next_attempt_at__isnull=False),
                name="readings_in_turn",
            )
        ]

    def __str__(self) -> str:
        return f"reading of {self.document_id}"


class PrintedCode(models.Model):
    """A 2D-Doc that stands on a document, and what its signature is worth (`codes.trust.Worth`). Its values are `PaperField`s.

    `signer`: whose certificate it is; `paper`: what it is of, in the specification's words; both "" where it is not believed.
    """

    reading = models.ForeignKey(PaperReading, on_delete=models.CASCADE, related_name="codes", db_index=False)
    rank = models.PositiveSmallIntegerField()
    page = models.PositiveSmallIntegerField()
    worth = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Worth])
    signer = models.CharField(max_length=200, default="", blank=True)
    paper = models.CharField(max_length=200, default="", blank=True)
    signed_on = models.DateField(null=True)
    corners = models.JSONField(
        null=True, help_text="its four corners, each [across, down] in ten-thousandths of the page's sides"
    )

    objects = models.Manager["PrintedCode"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "rank"], name="one_printed_code_a_rank")]

    def __str__(self) -> str:
        return f"printed code {self.pk}"


class TrustedList(models.Model):
    """The list of authorities that `adherents import_tsl` took in last, as it was signed, with the certificates and the lists of
    revoked ones that came with it (PEM). One row: the next one takes its place.
    """

    ONLY = 1
    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    sequence = models.PositiveIntegerField()
    issued_on = models.DateField()
    next_on = models.DateField(null=True)
    at = models.DateTimeField(default=timezone.now)
    content = models.BinaryField()
    signers = models.BinaryField(default=b"")
    certificates = models.BinaryField(default=b"")
    revocations = models.BinaryField(default=b"")

    objects = models.Manager["TrustedList"]()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_trusted_list")]

    def __str__(self) -> str:
        return f"trusted list {self.sequence}"


class Judgement(models.TextChoices):
    """What an agent says of a value that was read."""

    RIGHT = "right", _("Juste")
    WRONG = "wrong", _("Faux")


class MemberAnswer(models.TextChoices):
    """What its member says of it."""

    YES = "yes", _("oui")
    NO = "no", _("non")


class PaperField(models.Model):
    """A value that was read, with the page it stands on (from 1), its box there where it is known, and what proves it."""

    reading = models.ForeignKey(PaperReading, on_delete=models.CASCADE, related_name="fields", db_index=False)
    rank = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=20)
    value = EncryptedTextField(bound_to=["reading__document_id", "code", "rank"])
    page = models.PositiveIntegerField()
    left = models.PositiveSmallIntegerField(null=True)
    top = models.PositiveSmallIntegerField(null=True)
    right = models.PositiveSmallIntegerField(null=True)
    bottom = models.PositiveSmallIntegerField(null=True)
    turned = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="degrees, to the right, by which its page is turned to read it upright",
    )
    proofs = models.JSONField(default=list)
    on_page = models.CharField(
        max_length=5,
        default="",
        db_default="",
        blank=True,
        help_text="how a signed value compares with its page",
    )
    of_code = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="the rank of the printed code that says it; 0 for none"
    )
    judgement = models.CharField(max_length=5, choices=Judgement.choices, default="", blank=True)
    judged_at = models.DateTimeField(null=True)
    judged_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    member_answer = models.CharField(max_length=3, choices=MemberAnswer.choices, default="", blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = SealedQuerySet["PaperField"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "rank"], name="one_field_a_rank")]

    def __str__(self) -> str:
        return f"field {self.pk}"

    @property
    def clear(self) -> str:
        """The value; "" where it does not open, which is logged."""
        return readable(self, "value")


class FieldTallyQuerySet(models.QuerySet["FieldTally"]):
    def during(self, first: date, last: date) -> Self:
        """The weeks in which there is a day from `first` to `last`."""
        return self.filter(week__gte=first - timedelta(days=first.weekday()), week__lte=last)

    def summed(self) -> list[dict[str, Any]]:
        """`code`, `letters`, `right`, `wrong`: a line for each code and source of the letters that was judged."""
        sums = self.order_by().values("code", "letters").annotate(right=Sum("right"), wrong=Sum("wrong"))
        return [dict(line) for line in sums.order_by("code", "letters") if line["right"] or line["wrong"]]


class FieldTally(models.Model):
    """How many values of a code agents found right and wrong in a week: the one true measure of the reader. It holds no value."""

    week = models.DateField(help_text="its Monday")
    code = models.CharField(max_length=20)
    letters = models.CharField(max_length=10)
    right = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)

    objects = FieldTallyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["week", "code", "letters"], name="one_field_tally_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.code}"
