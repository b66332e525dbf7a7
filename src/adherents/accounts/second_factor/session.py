"""What a session proves of its second factor."""

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from adherents.accounts.allauth_internals import record_proof
from adherents.accounts.models import Account
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record


def passed(request: HttpRequest, account: Account) -> bool:
    """Whether this very session gave a second factor, or added one after the password."""
    return any(entry.get("method") == "mfa" for entry in get_authentication_records(request, account))


def note_activated(request: HttpRequest, account: Account, kind: str) -> None:
    """A factor that was just added proved itself while it was (a right code, a passkey's answer)."""
    record_proof(request, account, "mfa", type=kind, activated=True)


def begin_anew(request: HttpRequest) -> None:
    """The same session under another key: after a new proof of identity, the key is one that no other person saw."""
    request.session.cycle_key()


def end_the_others(request: HttpRequest, account: Account) -> None:
    """What protects the account changed: no other browser goes on as before. In the transaction of the change."""
    others = account.sessions.exclude(session_key=hash_token(request.session.session_key or ""))
    ended, _ = others.delete()
    if ended:
        record(Event.SESSIONS_ENDED, subject=account.subject, actor=account.subject, count=ended)
