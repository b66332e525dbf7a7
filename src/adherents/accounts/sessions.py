"""Sessions in the database, under hashed keys, each with its account: listed, ended one by one or all at once."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string

from adherents.accounts.allauth_internals import PROOFS_SESSION_KEY
from adherents.accounts.models import EndedSession, Session
from adherents.accounts.tokens import hash_token
from adherents.crypto.keys import CannotOpen, keyring
from adherents.insurer.profile import profile

WAY_OUT = "way_out"  # in a proof of the session: the address that signing out goes through
_WAY_OUT = "way out of a session"
BORN, BROWSER, LANGUAGE, DIRECTORY = "_born", "_browser", "_language", "_directory"


def begin(session: SessionBase, browser: str, language: str = "", directory_mark: str = "") -> None:
    """Begin a session at a sign-in: the absolute end counts from now, and the list of sessions names the browser.

    `language`: theirs, for the pages of this session, where the browser was told no other. `directory_mark`: of the session in
    the insurer's directory that it came from (`by_directory.session_mark`).
    """
    session[DIRECTORY] = directory_mark
    session[BORN], session[BROWSER], session[LANGUAGE] = timezone.now().timestamp(), browser, language


def language_of(request: HttpRequest) -> str:
    """The language of the account that is signed in; "" when none is."""
    return str(request.session.get(LANGUAGE, ""))


def sealed_way_out(address: str) -> str:
    """For a session to keep: the address says who signed in, over there too."""
    return b64encode(keyring().seal(_WAY_OUT, address.encode(), b"session")).decode()


def way_out(request: HttpRequest) -> str:
    """The address that signing out goes through: of the provider that this session came from. "" where there is none."""
    for entry in reversed(request.session.get(PROOFS_SESSION_KEY, [])):
        if sealed := entry.get(WAY_OUT):
            try:
                return keyring().open(_WAY_OUT, b64decode(sealed), b"session").decode()
            except (ValueError, CannotOpen):
                return ""
    return ""


def ended_why(request: HttpRequest) -> str:
    """Why this browser's session was ended before its time (of `SessionEndReason`); "" where it was not."""
    return str(getattr(request.session, "ended_why", ""))


def keep_from_idling(session_key: str) -> None:
    """Note activity while the bytes of a request of this session still come. A session that is over stays over."""
    Session.objects.open().filter(session_key=hash_token(session_key)).update(last_seen_at=timezone.now())


class SessionStore(DatabaseStore):
    """Django's database sessions, with the key hashed at rest, an idle and an absolute end."""

    _is_new = False
    ended_why = ""  # of `SessionEndReason`, where this browser's session was ended before its time

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        now, key = timezone.now(), hash_token(self.session_key or "")
        # One row at most, by its key, at each request: `.first()` would sort it.
        row = next(iter(Session.objects.open().filter(session_key=key)), None)
        if row is None:
            self._session_key = None
            self.ended_why = EndedSession.objects.filter(pk=key).values_list("why", flat=True).first() or ""
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
            directory_mark=data.get(DIRECTORY, ""),
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=hash_token(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.over().delete()
        EndedSession.objects.filter(expire_date__lte=timezone.now()).delete()
