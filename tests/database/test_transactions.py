"""What must be called in a transaction refuses to be called outside of one, in a test too."""

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from adherents.database.transactions import needs_transaction

pytestmark = pytest.mark.any_database


@needs_transaction
def write(word: str) -> str:
    return word


@pytest.mark.django_db
def test_inside_a_transaction_it_is_called() -> None:
    with transaction.atomic():
        assert write("un") == "un"


@pytest.mark.django_db
def test_the_transaction_of_a_test_is_none() -> None:
    assert connection.in_atomic_block
    with pytest.raises(TransactionManagementError, match="write must be called in a transaction"):
        write("un")


@pytest.mark.django_db(transaction=True)
def test_outside_of_any_it_raises() -> None:
    assert not connection.in_atomic_block
    with pytest.raises(TransactionManagementError):
        write("un")
