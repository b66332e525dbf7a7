"""Drafts: one for each text that an account is writing."""

import json
from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.keys import CannotOpen
from adherents.crypto.rows import SealedQuerySet

KEPT_FOR = timedelta(days=30)
Words = dict[str, str]  # what stands in each field, by the field's name


class DraftQuerySet(SealedQuerySet["Draft"]):
    def over(self) -> Self:
        return self.filter(kept_at__lte=timezone.now() - KEPT_FOR)

    def kept(self, *, account_id: int, kind: str, about: str = "") -> "Draft | None":
        """This account's own words for this form, if any are kept."""
        since = timezone.now() - KEPT_FOR
        own = self.filter(account_id=account_id, kind=kind, about=about, done_at=None, kept_at__gt=since)
        return next(iter(own), None)  # one at most, by a constraint: `.first()` would sort it

    def begun(self, *, account_id: int, about: str, kinds: Collection[str]) -> list[str]:
        """Which forms about this the account has begun to write."""
        own = self.filter(account_id=account_id, about=about, kind__in=kinds, done_at=None).exclude(
            sealed=b""
        )
        return list(own.filter(kept_at__gt=timezone.now() - KEPT_FOR).values_list("kind", flat=True))


class Draft(models.Model):
    """What an account has typed in a form and not sent. `done_at`: when it was sent; words that a page opened
    before then still saves come too late, and are not kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=20)
    about = models.CharField(
        max_length=60, blank=True, help_text="`thread:…`, `document:…`; empty: nothing yet"
    )
    sealed = EncryptedTextField(bound_to=["account_id", "kind", "about"], default="")
    kept_at = models.DateTimeField(default=timezone.now, db_index=True)
    unsent_at = models.DateTimeField(null=True, help_text="it was posted, and refused: the session was over")
    files_left = models.BooleanField(default=False, help_text="files were posted with it; they are not kept")
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[DraftQuerySet] = DraftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "about"], name="one_draft_a_form"),
        ]
        indexes = [models.Index(fields=["about"], name="drafts_by_subject")]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def words(self) -> Words:
        """The words. Raises `CannotOpen` where the sealed words are another row's."""
        return dict(json.loads(self.sealed)) if self.sealed else {}

    @words.setter
    def words(self, words: Words) -> None:
        self.sealed = json.dumps(words) if words else ""

    @property
    def readable_words(self) -> Words:
        """The same for a page: none where they are another row's."""
        try:
            return self.words
        except CannotOpen:
            return {}
