"""Sessions in the database, under hashed keys, each with its account: listed, ended one by one or all at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.crypto import get_random_string

from adherents.accounts.models import Session, hash_token
from adherents.insurer.profile import profile

BORN, BROWSER = "_born", "_browser"


def begin(session: SessionBase, browser: str) -> None:
    """Somebody signed in: the absolute end counts from now, and the list of sessions says in which browser."""
    session[BORN], session[BROWSER] = timezone.now().timestamp(), browser


class SessionStore(DatabaseStore):
    """Django's database sessions, with the key hashed at rest, an idle and an absolute end."""

    _is_new = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        limits = profile().session
        try:
            row = Session.objects.get(
                session_key=hash_token(self.session_key or ""),
                expire_date__gt=now,
                last_seen_at__gt=now - timedelta(minutes=limits.idle_minutes),
            )
        except Session.DoesNotExist:
            self._session_key = None
            return None
        if now - row.last_seen_at > timedelta(seconds=30):
            Session.objects.filter(pk=row.pk).update(last_seen_at=now)
        return row

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=hash_token(session_key)).exists()

    def create(self) -> None:
        """Choose a key; the row is written once, with what the request puts in it (Django's writes it twice)."""
        self._session_key = get_random_string(32, VALID_KEY_CHARS)
        self._is_new = True
        self.modified = True

    def _chosen_key(self) -> str:
        if self.session_key is None:
            self.create()
        return str(self.session_key)

    def save(self, must_create: bool = False) -> None:
        self._chosen_key()
        super().save(must_create=must_create or self._is_new)
        self._is_new = False

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        now = timezone.now()
        born = data.get(BORN) or now.timestamp()
        created_at = datetime.fromtimestamp(born, UTC)
        return Session(
            session_key=hash_token(self._chosen_key()),
            session_data=self.encode(data),
            expire_date=created_at + timedelta(hours=profile().session.absolute_hours),
            account_id=data.get(SESSION_KEY),
            created_at=created_at,
            last_seen_at=now,
            browser=data.get(BROWSER, ""),
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=hash_token(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        idle = timezone.now() - timedelta(minutes=profile().session.idle_minutes)
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
        Session.objects.filter(last_seen_at__lt=idle).delete()
