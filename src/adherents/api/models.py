"""The insurer's systems that may call, their keys, and the answers that a call made twice gets again."""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.api.scopes import SCOPE_WORDS, Scope
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.rows import SealedQuerySet

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

CALLS_A_MINUTE = 600
MOST_KEYS = 2  # live at once: the new one is put in place before the old one ends
ANSWERS_KEPT_FOR = timedelta(hours=24)
LONGEST_NAME = 40


class ApiClient(models.Model):
    """A program of the insurer. It acts as an account of its own, which opens no page.

    `networks`: from which addresses it may call; empty: from any.
    """

    name = models.CharField(max_length=LONGEST_NAME, unique=True)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="api_client")
    scopes = models.JSONField(default=list)
    networks = models.JSONField(default=list, blank=True)
    calls_a_minute = models.PositiveIntegerField(default=CALLS_A_MINUTE)
    created_at = models.DateTimeField(default=timezone.now)
    suspended_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    keys: "RelatedManager[ApiKey]"

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """How the journal names it, as the one who acts and as what an entry is about."""
        return self.account.actor

    @property
    def granted(self) -> frozenset[Scope]:
        """A scope that this version does not know any more grants nothing."""
        return frozenset(scope for scope in Scope if scope.value in self.scopes)

    @property
    def scopes_in_words(self) -> list[str]:
        """In the order of the form that gave them."""
        return [str(words) for scope, words in SCOPE_WORDS.items() if scope.value in self.scopes]

    @property
    def live_key_count(self) -> int:
        """Read the row with its keys."""
        return sum(key.is_live for key in self.keys.all())

    def may_call_from(self, address: str) -> bool:
        if not self.networks:
            return True
        try:
            known = ip_address(address)
        except ValueError:
            return False
        known = getattr(known, "ipv4_mapped", None) or known
        return any(known in ip_network(network) for network in self.networks)


class ApiKeyQuerySet(SealedQuerySet["ApiKey"]):
    def live(self) -> Self:
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), ended_at=None)


class ApiKey(models.Model):
    """A key of a client. It is shown once: what is kept is the SHA-256 of it, sealed for this row under the master key.

    `id` is in the key itself, and finds the row.
    """

    id = models.CharField(primary_key=True, max_length=16)
    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="keys")
    digest = EncryptedTextField(bound_to=["id", "client_id"])
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[ApiKeyQuerySet] = ApiKeyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"key {self.id}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class StoredAnswerQuerySet(SealedQuerySet["StoredAnswer"]):
    def over(self) -> Self:
        return self.filter(at__lte=timezone.now() - ANSWERS_KEPT_FOR)


class StoredAnswer(models.Model):
    """What a call with an `Idempotency-Key` was answered. `name`: the SHA-256 of the method, the path and the key.

    `request` says what was sent, so that another request under the same key is seen.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="answers")
    name = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    request = EncryptedTextField(bound_to=["client_id", "name"])
    answer = EncryptedTextField(bound_to=["client_id", "name"], default="")

    objects: ClassVar[StoredAnswerQuerySet] = StoredAnswerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "name"], name="one_answer_a_call")]

    def __str__(self) -> str:
        return f"answer {self.pk}"


def last_use_is_old(last_used_at: datetime | None) -> bool:
    """Whether the last use is to be noted again: once a minute is enough for a person who reads it."""
    return last_used_at is None or last_used_at < timezone.now() - timedelta(minutes=1)
