"""What a session proves of its second factor."""

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from adherents.accounts import by_directory
from adherents.accounts.allauth_internals import record_proof
from adherents.accounts.models import Account
from adherents.accounts.tokens import hash_token
from adherents.journal.events import Event
from adherents.journal.services import record


def passed(request: HttpRequest, account: Account) -> bool:
    """Whether this very session gave a second factor, or added one after the password."""
    return any(entry.get("method") == "mfa" for entry in get_authentication_records(request, account))


def note_directory(request: HttpRequest, account: Account, *, mark: str, two_proofs: bool) -> None:
    """The directory said who it is; `two_proofs`: and that it asked for two. `mark`: of the session over there."""
    record_proof(request, account, by_directory.METHOD, mark=mark, reauthenticated=True)
    if two_proofs:
        record_proof(request, account, "mfa", type=by_directory.THEIR_FACTOR, mark=mark)


def directory_mark(request: HttpRequest, account: Account) -> str:
    """Of the session in the directory that this sign-in comes from; "" where it began in another way."""
    for entry in reversed(get_authentication_records(request, account)):
        if entry.get("method") == by_directory.METHOD:
            return str(entry.get("mark", ""))
        if entry.get("method") != "mfa" or entry.get("passwordless"):
            return ""
    return ""


def given_by_directory(request: HttpRequest, account: Account) -> bool:
    """Whether the sign-in that is under way needs no second proof of ours: the directory has just given it."""
    last = get_authentication_records(request, account)[-1:]
    return any(entry.get("type") == by_directory.THEIR_FACTOR for entry in last)


def must_come_again(request: HttpRequest, account: Account) -> bool:
    """Whether a person who has nothing but a provider outside to prove themselves with (the directory, FranceConnect) did so too
    long ago for an important act. allauth would take them for proven.
    """
    proofs = [entry["at"] for entry in get_authentication_records(request, account)]
    alone = not account.has_second_factor and (
        not account.has_usable_password() or by_directory.comes_by_directory_only(account.identifier)
    )
    return alone and bool(proofs) and time.time() - proofs[-1] > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


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
