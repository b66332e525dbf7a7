"""The name of a request: in its answer, on its error page, and in each line that the logs hold about it.

It is taken from the proxy, or from any sender, when it is letters, digits and hyphens, 64 at most. Anything else is replaced.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-ID"
LONGEST = 64  # characters
_TAKEN = re.compile(rf"[A-Za-z0-9-]{{1,{LONGEST}}}")
# Ours are read aloud on the phone: short groups, without letters and digits that look alike. 59 bits.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """That of the request which is being answered here; "" outside of any."""
    return _current.get()


def chosen(given: str) -> str:
    """`given` where it may be a request's name, else a fresh one such as « k3fa-92mx-7qtw »."""
    return given if _TAKEN.fullmatch(given) else fresh()


def fresh() -> str:
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


@contextmanager
def named(name: str) -> Iterator[None]:
    """What is logged within, by this thread or task, is about the request `name`."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)
