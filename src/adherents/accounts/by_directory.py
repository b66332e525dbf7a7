"""Agents who sign in by the insurer's directory: which of them may come in another way, and what marks their sessions."""

from adherents.accounts.tokens import hash_token
from adherents.insurer.directory import Directory
from adherents.insurer.profile import profile

METHOD = "directory"  # of the proof in the session
THEIR_FACTOR = "directory_factor"  # the type of the second proof, where the directory asked for two


def directory() -> Directory | None:
    """What the profile says of it; None: agents sign in with a password."""
    return profile().agents.oidc


def comes_by_directory_only(identifier: str) -> bool:
    """Whether an agent with this identifier is let in by the directory and by nothing else, whether there is one or not."""
    known = directory()
    return known is not None and not known.passwords and identifier != known.break_glass


def is_break_glass(identifier: str) -> bool:
    """Whether it is the account that opens the desk while the directory does not."""
    known = directory()
    return known is not None and identifier == known.break_glass


def session_mark(issuer: str, sid: str) -> str:
    """How a session remembers the one over there: a hash, also where the directory names none (`sid` is "")."""
    return hash_token(f"directory session\n{issuer}\n{sid}")
