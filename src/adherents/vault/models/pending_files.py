"""What is on its way to a deposit: a member's open sendings, the files that came for them, and those half come."""

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.members.models import Beneficiary, Member
from adherents.storage.models import SealedFile
from adherents.vault.models.files import NamedFile

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

SENDING = "sending"  # in the address of the page that sends: which sending it shows


class SendingQuerySet(models.QuerySet["Sending"]):
    def of(self, member: Member) -> Self:
        """A member's sendings that can still go on, in the order in which they began."""
        return self.prepared_for(member, None)

    def prepared_for(self, member: Member, agent: Account | None) -> Self:
        """Those that this agent prepares for a member; None: that the member does."""
        going_on = self.filter(member=member, agent=agent, deposit=None, expires_at__gt=timezone.now())
        return going_on.order_by("at", "pk")

    def with_files(self) -> Self:
        """Those that something came for, with how many files are whole (`ready`) and how many half come (`begun`)."""
        return self.annotate(
            ready=_how_many(PendingFile.objects.all()), begun=_how_many(Upload.objects.filter(offset__gt=0))
        ).filter(models.Q(ready__gt=0) | models.Q(begun__gt=0))

    def that_wait(self) -> "list[Sending]":
        """As `with_files`, read: most often there is none, and a shorter question says so."""
        return list(self.with_files()) if self.exists() else []


def _how_many(files: "models.QuerySet[PendingFile] | models.QuerySet[Upload]") -> models.Func:
    """A count of its own for each: two joins would multiply each other."""
    counted = files.filter(sending=models.OuterRef("pk")).order_by().values("sending")
    return Coalesce(models.Subquery(counted.annotate(count=models.Count("pk")).values("count")), 0)


class Sending(models.Model):
    """What one page is about to send: its kind, person, note and files. Another tab or device has another one.

    An `agent` prepares one for what came otherwise than by the portal: the member never sees it.
    It is kept a day after the last byte that came for it. Once `deposit` is set it is over, and sent again it gives the same
    receipt. `told_at`: when a mail said that it waits.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sendings")
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=40, default="", blank=True)
    beneficiary = models.ForeignKey(
        Beneficiary, on_delete=models.SET_NULL, null=True, related_name="sendings"
    )
    note = models.TextField(default="", blank=True)
    gather = models.BooleanField(default=False)
    answers = models.ForeignKey(
        "vault.Document",
        on_delete=models.SET_NULL,
        null=True,
        related_name="sendings",
        help_text="the one it replaces",
    )
    told_at = models.DateTimeField(null=True)
    agent = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="null: the member",
    )
    deposit = models.OneToOneField(
        "vault.Deposit", on_delete=models.CASCADE, null=True, related_name="sending"
    )

    objects: ClassVar[SendingQuerySet] = SendingQuerySet.as_manager()  # type: ignore[assignment]
    pending_files: "RelatedManager[PendingFile]"
    uploads: "RelatedManager[Upload]"
    # Set by `with_files`.
    ready: int
    begun: int

    def __str__(self) -> str:
        return f"sending {self.id}"

    @property
    def address(self) -> str:
        """Where it goes on."""
        return f"{reverse('vault:send')}?{SENDING}={self.pk}"

    @property
    def kind_label(self) -> str:
        """The kind in the reader's language; nothing before it was chosen."""
        try:
            return "" if self.kind == UNKNOWN_KIND else profile().documents.kind(self.kind).label
        except KeyError:
            return ""


class PendingFileQuerySet(models.QuerySet["PendingFile"]):
    def waiting_for(self, member: Member) -> Self:
        return self.filter(member=member).order_by("at", "pk")

    def with_no_sending(self) -> Self:
        """What waits for a message's form."""
        return self.filter(sending=None)


class PendingFile(NamedFile):
    """A file that arrived whole, and waits for the member to send it: with its sending, or a day for a message's form."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="pending_files")
    sending = models.ForeignKey(Sending, on_delete=models.RESTRICT, null=True, related_name="pending_files")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PendingFileQuerySet.as_manager()

    def __str__(self) -> str:
        return f"arrival {self.id}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def of(self, member: Member) -> Self:
        """Those that can still go on, in the order in which they began."""
        return self.filter(member=member, expires_at__gt=timezone.now()).order_by("at", "pk")

    def begun(self) -> Self:
        """The uploads of which some bytes came."""
        return self.filter(offset__gt=0)

    def without_a_byte(self) -> Self:
        """The uploads that were announced and that no request is sending now; the oldest first."""
        unleased = models.Q(leased_until=None) | models.Q(leased_until__lte=timezone.now())
        return self.filter(unleased, offset=0).order_by("at", "pk")


class Upload(models.Model):
    """A file on its way: what came of it is sealed in parts. It ends as the `PendingFile` of the same id, or expires.

    `length` is the whole file's, `offset` what came so far, both in bytes; `sha256` is what the sender says of the whole
    file, or nothing. `lease` names the request that receives now.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="uploads")
    sending = models.ForeignKey(Sending, on_delete=models.RESTRICT, related_name="uploads")
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    lease = models.CharField(max_length=16, default="", blank=True)
    leased_until = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()
    parts: "RelatedManager[UploadPart]"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offset__lte=models.F("length")), name="no_more_than_announced"
            )
        ]

    def __str__(self) -> str:
        return f"upload {self.id}"


class UploadPart(SealedFile):
    """What one request brought of an upload: its bytes from `offset` on, under a key of their own."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    offset = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "offset"], name="one_part_from_an_offset")]
        ordering = ["offset"]

    def __str__(self) -> str:
        return self.sealed_as

    @property
    def sealed_as(self) -> str:
        """The first part may turn out to be the whole file: it is sealed as the document that it becomes."""
        return f"{self.upload_id}@{self.offset}" if self.offset else str(self.upload_id)
