"""Services that write in their caller's transaction: their rows are committed or rolled back with the caller's."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
R = TypeVar("R")


def needs_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function whose caller opens the transaction: outside of one it raises `TransactionManagementError`.

    The transaction in which Django's test cases run each test does not count: a caller that forgot its own is found there too.
    """

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        # As `atomic(durable=True)` does, which asks the contrary.
        if all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise TransactionManagementError(f"{function.__qualname__} must be called in a transaction")
        return function(*args, **kwargs)

    held.needs_transaction = True  # type: ignore[attr-defined]
    return held
