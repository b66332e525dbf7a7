"""What the tests of a module find made already, since making it takes longer than what each of them does with it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests.journal.guard import watched


@contextmanager
def rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that are made in the block stay for the tests that come before its end; what each of these does is undone as ever.

    For a fixture of a module without `transaction=True`: a test's transaction is a savepoint within this one.
    """
    with blocker.unblock(), watched() as named:
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]  # what must be the outermost one is it, as in any test
        with around:
            yield
            transaction.set_rollback(True)
    assert not named, "the journal holds personal data"


def again(client: Client) -> Client:
    """Another browser with the same cookies: what a test does with it is not the next one's."""
    browser = Client()
    browser.cookies = copy.deepcopy(client.cookies)
    return browser
