"""Receipt numbers: never twice, and no deposit waits for another one's."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from adherents.vault.models import ReceiptBlock, ReceiptCounter
from adherents.vault.services.deposit import (
    BLOCKS_AT_ONCE,
    NUMBERS_A_BLOCK,
    next_number,
    skip_numbers,
)

TOGETHER = 8
ROUND = BLOCKS_AT_ONCE * NUMBERS_A_BLOCK


def wait_at_most() -> None:
    """A number that waits for another one's transaction fails, and does not hang. In this transaction, never in the session."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")


def one() -> int:
    with transaction.atomic():
        wait_at_most()
        return int(next_number(2026).removeprefix("D-2026-"))


def in_parallel(act: Callable[[int], int]) -> list[int]:
    def alone(rank: int) -> int:
        try:
            return act(rank)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(alone, range(TOGETHER)))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_deposits_of_one_moment_wait_for_none_of_the_others() -> None:
    """Each has its number before any of them ends: where one waited, the barrier would break."""
    one()
    all_have_theirs = threading.Barrier(TOGETHER, timeout=5)

    def held(_: int) -> int:
        with transaction.atomic():
            wait_at_most()
            number = next_number(2026)
            all_have_theirs.wait()
            return int(number.removeprefix("D-2026-"))

    assert len(set(in_parallel(held))) == TOGETHER


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_numbers_that_are_taken_in_parallel_are_never_twice_and_none_is_lost_on_the_way() -> None:
    """From nothing, over several rounds of blocks; each third deposit fails and gives its number back."""
    times = 2 * ROUND // TOGETHER

    def many(rank: int) -> int:
        for time in range(times):
            with transaction.atomic():
                taken = one()
                if (rank + time) % 3 == 0:
                    transaction.set_rollback(True)
                    continue
            with lock:
                given.append(taken)
        return 0

    given, lock = list[int](), threading.Lock()
    in_parallel(many)
    assert len(set(given)) == len(given)
    assert min(given) == 1
    assert max(given) <= ReceiptCounter.objects.get(year=2026).last <= len(given) + TOGETHER * ROUND
    left = sum(block.last - block.next + 1 for block in ReceiptBlock.objects.all())
    assert left + len(given) == ReceiptCounter.objects.get(year=2026).last
    assert ReceiptBlock.objects.count() <= 3 * TOGETHER + BLOCKS_AT_ONCE


@pytest.mark.django_db
def test_one_deposit_after_the_other_has_the_next_number_from_block_to_block() -> None:
    assert [one() for _ in range(2 * ROUND + 3)] == list(range(1, 2 * ROUND + 4))
    assert ReceiptBlock.objects.count() <= 2 * BLOCKS_AT_ONCE


@pytest.mark.django_db
def test_a_database_that_gave_numbers_before_there_were_blocks_goes_on() -> None:
    ReceiptCounter.objects.create(year=2026, last=41)
    assert [one(), one()] == [42, 43]


@pytest.mark.django_db
def test_a_portal_of_the_version_before_takes_other_numbers_while_machines_are_upgraded() -> None:
    numbers = []
    for _ in range(30):
        numbers.append(one())
        ReceiptCounter.objects.filter(year=2026).update(last=F("last") + 1)  # as it does
        numbers.append(ReceiptCounter.objects.get(year=2026).last)
    assert len(set(numbers)) == 60


@pytest.mark.django_db
def test_after_a_restore_no_block_of_the_backup_is_gone_on_with() -> None:
    before = one()
    with transaction.atomic():
        skip_numbers(since=datetime(2026, 1, 1, tzinfo=UTC))
    skipped = ReceiptCounter.objects.get(year=2026).last
    assert one() == skipped + 1 > before + ROUND


@pytest.mark.django_db
def test_a_number_is_taken_in_the_transaction_of_its_deposit() -> None:
    with pytest.raises(TransactionManagementError):
        next_number(2026)
