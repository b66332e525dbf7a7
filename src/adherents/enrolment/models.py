"""Claims of identity, letters that are being made, and addresses that wait to be confirmed."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet
from adherents.journal.subjects import SubjectKind, subject_of
from adherents.members.models import Member
from adherents.work.models import DueWork, DueWorkQuerySet

LETTERS_KEPT_FOR = timedelta(hours=1)  # from when they can be downloaded


class IdentityClaim(DueWork):
    """A first connection that a person asked for. The typed words are sealed, and the row is deleted once it is settled."""

    seal_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="tells its row apart"
    )
    words = EncryptedTextField(
        bound_to=["seal_id", "device_hashes"],
        help_text="JSON: nir, birth_date, department, name, first_name",
    )
    device_hashes = models.JSONField(default=list, help_text="of the tokens in the device cookie that asked")
    claimed_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[DueWorkQuerySet] = DueWorkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"identity claim {self.pk}"


class FranceConnectIdentity(models.Model):
    """Who a member is for FranceConnect: its issuer and their `sub` there. It opens the account once it is linked.

    Where the account was there before, it waits until its holder has signed in to it in another way.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="franceconnect_identity")
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    asked_at = models.DateTimeField(default=timezone.now)
    linked_at = models.DateTimeField(null=True, help_text="null: waits for the account's holder")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sub"], name="one_account_a_franceconnect_sub")
        ]

    def __str__(self) -> str:
        return f"{self.account} at FranceConnect"


class LetterBatchQuerySet(DueWorkQuerySet):
    def of(self, actor: str) -> Self:
        """The batches that this agent asked for, newest first, without their content. No other agent reads them."""
        return self.filter(actor=actor).defer("sheets", "listing").order_by("-asked_at")

    def over(self) -> Self:
        """Batches that can no longer be downloaded, and still hold codes."""
        return self.filter(ready_at__lte=timezone.now() - LETTERS_KEPT_FOR, destroyed_at__isnull=True)


class LetterBatch(DueWork):
    """Letters to print, one a member. The worker draws them; they stay sealed here for an hour, then they are destroyed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    actor = models.CharField(max_length=80, help_text="who asked, as the journal names them")
    reason = models.CharField(max_length=300)
    members = models.JSONField(help_text="primary keys, in the order of the letters")
    sheets = EncryptedTextField(
        bound_to=["id", "actor"], default="", help_text="the PDF, in base 64: it holds codes"
    )
    listing = EncryptedTextField(bound_to=["id", "actor"], default="", help_text="CSV: page;numero_adherent")
    count = models.PositiveSmallIntegerField(default=0, help_text="letters drawn")
    asked_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[LetterBatchQuerySet] = LetterBatchQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(ready_at__isnull=False), name="letters_made_first"
            )
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """How the journal names these letters."""
        return subject_of(SubjectKind.LETTERS, self.pk)

    @property
    def can_be_taken(self) -> bool:
        return self.ready_at is not None and self.destroyed_at is None

    @property
    def taken_until(self) -> datetime | None:
        """When they are destroyed."""
        return self.ready_at and self.ready_at + LETTERS_KEPT_FOR


class AddressToConfirmQuerySet(SealedQuerySet["AddressToConfirm"]):
    def waiting(self) -> Self:
        """The changes whose link still opens, newest first."""
        live = AccessLink.objects.live().filter(purpose=Purpose.ADDRESS)
        return self.filter(link__in=live).order_by("-pk")


class AddressToConfirm(models.Model):
    """An address that a member gave, and that counts for nothing until a link sent to it is followed.

    Once confirmed, it is a change of address, which the reader of the former address may undo for some days.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="addresses_to_confirm")
    address = EncryptedTextField(bound_to=["member_id", "link_id"])
    instead_of = EncryptedTextField(
        bound_to=["member_id", "link_id"],
        default="",
        help_text="what the file said then: a later change is not undone",
    )
    link = models.OneToOneField(AccessLink, on_delete=models.CASCADE, related_name="address_to_confirm")
    report = models.OneToOneField(
        AccessLink,
        on_delete=models.SET_NULL,
        null=True,
        related_name="address_changed",
        help_text="sent to the former address: « ce n’était pas moi »; made with the change, so in the order of the changes",
    )

    objects = AddressToConfirmQuerySet.as_manager()

    def __str__(self) -> str:
        return f"address to confirm {self.pk}"
