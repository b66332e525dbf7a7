"""Who wants to know of an address that its server refuses for good.

A room above says so in its `jobs.py`: this one knows no member.
"""

from collections.abc import Callable

Told = Callable[[str], object]

REFUSED: list[Told] = []


def address_refused(function: Told) -> Told:
    """Register a function that takes the address. It runs in the transaction that gives the mail up: all of it, or nothing."""
    REFUSED.append(function)
    return function
