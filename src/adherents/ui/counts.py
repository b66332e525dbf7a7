"""How many things wait behind an entry of the menu: a room says it in its `counts.py`, found when the portal starts."""

from collections.abc import Callable

from django.http import HttpRequest

Count = Callable[[HttpRequest], int]
COUNTS: dict[str, Count] = {}


def count(name: str) -> Callable[[Count], Count]:
    """Register what counts for a page (`threads`, of `ui.pages`). One query at most; 0 when the visitor is not signed in."""

    def register(function: Count) -> Count:
        COUNTS[name] = function
        return function

    return register
