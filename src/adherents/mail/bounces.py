"""Hooks that are called on a hard bounce: the server of an address refuses it for good.

A room above registers its hook in its `jobs.py`: this room knows no member.
"""

from collections.abc import Callable

BounceHook = Callable[[str], object]

BOUNCE_HOOKS: list[BounceHook] = []


def address_refused(function: BounceHook) -> BounceHook:
    """Register a function that takes the address. It runs in the transaction that gives the mail up: all of it, or nothing."""
    BOUNCE_HOOKS.append(function)
    return function
