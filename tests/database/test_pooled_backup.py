"""A backup through a real PgBouncer in transaction mode. Its connection is one of its own, which a test case would refuse."""

from typing import Any

import pytest
from django.db import connections

from adherents.backup.snapshot import snapshot
from adherents.backup.tables import stored_rows
from adherents.members.models import Member
from tests.cast import CAMILLE, EVE
from tests.database.conftest import reached_at
from tests.factories import add_to_register
from tests.pooler import PgBouncer


@pytest.mark.postgresql
def test_a_backup_sees_one_moment(pool: PgBouncer, django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), reached_at("default", "127.0.0.1", pool.port):
        pool.open_sessions(connections["default"].settings_dict["NAME"])
        try:
            add_to_register(CAMILLE)
            with snapshot() as alias:
                add_to_register(EVE)
                assert len(list(stored_rows(Member, alias))) == 1
            assert Member.objects.count() == 2
        finally:
            Member.objects.all().delete()
