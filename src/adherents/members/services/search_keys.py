"""What people are found by, worked out again from their names: for rows from before a key was there, or was made otherwise."""

import time
from collections.abc import Iterator

from django.db import connection, transaction

from adherents.members.models import Beneficiary, Member, Person

BATCH = 500
KINDS = (Member, Beneficiary)


def rebuild() -> Iterator[tuple[int, int]]:
    """Go through members and beneficiaries; yields how many were looked at and how many were changed, batch by batch.

    A batch is a transaction of its own and waits as long as it took, so that half of the time is the portal's. A row that another
    transaction holds is left to the next run. It can be stopped, and begun again: what is right already is only read.
    """
    for kind in KINDS:
        last = 0
        while True:
            began = time.monotonic()
            looked, changed, end = _batch(kind, last)
            if not looked:
                break
            last = end
            yield looked, changed
            time.sleep(time.monotonic() - began if changed else 0)


def _batch(kind: type[Person], last: int) -> tuple[int, int, int]:
    columns = ("birth_name", "usage_name", "first_names", *kind.found_by)
    with transaction.atomic():
        rows = kind._base_manager.filter(pk__gt=last).order_by("pk").only("pk", *columns)
        some = list(rows[:BATCH])
        wrong = [row.pk for row in some if _is_wrong(row)]
        if wrong:
            # Read again under lock: a name may have changed since.
            skip = connection.features.has_select_for_update_skip_locked
            locked = list(rows.select_for_update(skip_locked=skip).filter(pk__in=wrong))
            for row in locked:
                row.set_name_keys()
            kind._base_manager.bulk_update(locked, kind.found_by)
            return len(some), len(locked), some[-1].pk
    return len(some), 0, some[-1].pk if some else last


def _is_wrong(row: Person) -> bool:
    return any(getattr(row, name) != key for name, key in row.name_keys().items())
