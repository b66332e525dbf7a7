"""The sessions of an account, open and ended."""

from datetime import timedelta
from importlib import import_module
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models.accounts import AGENT_ROLES, Account, Role
from adherents.insurer.profile import profile


class SessionEndReason(models.TextChoices):
    """Why a session ended before its time. The browser that had it reads it in words, and in the query of its next page."""

    ELSEWHERE = "ailleurs"  # another one began, and they were too many
    OWNER = "vous"
    SERVICE = "service"
    STRANGER = "signalement"
    DIRECTORY = "annuaire"  # the person signed out there


class SessionQuerySet(models.QuerySet["Session"]):
    def _idle(self) -> Q:
        now, limits = timezone.now(), profile()
        members = Q(account__isnull=True) | Q(account__role=Role.MEMBER)
        agents = Q(account__role__in=AGENT_ROLES)
        return (members & Q(last_seen_at__lte=now - timedelta(minutes=limits.session.idle_minutes))) | (
            agents & Q(last_seen_at__lte=now - timedelta(minutes=limits.agents.idle_minutes))
        )

    def open(self) -> Self:
        """Neither left alone too long (an agent's ends sooner than a member's), nor past its absolute end."""
        return self.filter(~self._idle(), expire_date__gt=timezone.now())

    def over(self) -> Self:
        return self.filter(Q(expire_date__lte=timezone.now()) | self._idle())

    def by_directory(self) -> Self:
        """Those that an agent began by way of the directory."""
        return self.exclude(directory_mark="")

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "pk")

    def end(self, why: SessionEndReason) -> int:
        """Delete them, and keep the reason until each would have ended: the browser's next page says it. Returns how many."""
        ended = [
            EndedSession(session_key=key, why=why, expire_date=until)
            for key, until in self.values_list("session_key", "expire_date")
        ]
        if not ended:
            return 0
        EndedSession.objects.bulk_create(ended, ignore_conflicts=True)
        return self.model._default_manager.filter(pk__in=[row.session_key for row in ended]).delete()[0]


class Session(AbstractBaseSession):
    """An open session. Its key is stored as a hash: a reader of this table can open no session."""

    session_key = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    browser = models.CharField(max_length=60, default="")
    directory_mark = models.CharField(
        max_length=64,
        default="",
        db_default="",
        help_text="of the session in the directory; empty: begun in another way",
    )

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]

    @property
    def reference(self) -> str:
        """What its owner's list calls it by: enough to find it among theirs, and it opens nothing."""
        return str(self.session_key)[:16]

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore


class EndedSession(models.Model):
    """The key (hashed) of a session that was ended, so that its browser can say why. It holds nothing of the session."""

    session_key = models.CharField(max_length=64, primary_key=True)
    why = models.CharField(max_length=12, choices=SessionEndReason.choices)
    expire_date = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ended: {self.why}"
