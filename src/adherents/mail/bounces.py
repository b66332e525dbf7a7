"""Hooks that are called on a hard bounce: the server of an address refuses it for good.

A room above registers its hook in its `jobs.py`: this room knows no member.
"""

from collections.abc import Callable
from enum import StrEnum

BounceHook = Callable[[str], object]

BOUNCE_HOOKS: list[BounceHook] = []


class Reading(StrEnum):
    """What became of a message that came to the bounce address."""

    NOTED = "noted"
    KNOWN = "known"  # the mail had come back before
    NOT_FOR_GOOD = "not_for_good"  # a mailbox that is full, a server that refuses us
    ANOTHER_ADDRESS = "another_address"  # where the address forwards to, say
    NO_MAIL = "no_mail"  # it was purged
    UNPROVEN = "unproven"  # no genuine token: forged, cut, or of another portal
    NO_REPORT = "no_report"  # an answer of a person or of a machine


def address_refused(function: BounceHook) -> BounceHook:
    """Register a function that takes the address. It runs in the transaction that gives the mail up: all of it, or nothing."""
    BOUNCE_HOOKS.append(function)
    return function
