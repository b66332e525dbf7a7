"""Through a real PgBouncer in transaction mode, where no transaction finds the session of the one before."""

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction

from adherents.config.connecting import database
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains, record
from adherents.members.intake import staging
from adherents.members.intake.sheets import MEMBERS
from adherents.members.models import Beneficiary, Member
from adherents.work import purging
from tests import postgresql
from tests.cast import CAMILLE, EVE
from tests.config.asking import said, wrong
from tests.database.conftest import Reached
from tests.members.importing import CAST, counts, run
from tests.members.member_file import child_of, line_of
from tests.pooler import PgBouncer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src" / "adherents"


def session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def tables_of_imports() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'intake%'")
        return [name for (name,) in cursor.fetchall()]


def test_each_transaction_is_another_session_s_in_the_time_zone_that_was_asked_for(pooled: PgBouncer) -> None:
    sessions = set()
    for _ in range(8):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_setting('TimeZone'), now()")
            pid, zone, now = cursor.fetchone()
            sessions.add(pid)
            assert (zone, now.tzinfo) == ("UTC", UTC)
    assert len(sessions) > 1


def test_the_register_is_imported_compared_and_changed(pooled: PgBouncer, tmp_path: Path) -> None:
    covered = [child_of(EVE, 1)]
    report = run(tmp_path, CAST, beneficiaries=covered)
    assert counts(report)[0] == len(CAST) == Member.objects.count()
    assert Beneficiary.objects.count() == 1
    moved = [line_of(CAMILLE, email="camille@example.net"), *CAST[1:]]
    assert counts(run(tmp_path, moved, beneficiaries=covered))[1] == 1
    assert Member.objects.get(number=CAMILLE.number).email == "camille@example.net"
    assert counts(run(tmp_path, CAST[:-1], allow_gone=90))[3] == 1
    assert tables_of_imports() == []


def test_what_a_killed_import_leaves_is_there_for_a_day_at_most(pooled: PgBouncer, tmp_path: Path) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False) as clock:
        staging.Staging(MEMBERS).__enter__()
        assert len(tables_of_imports()) == 2
        clock.shift(timedelta(hours=23))
        run(tmp_path, CAST)
        assert len(tables_of_imports()) == 2
        clock.shift(timedelta(hours=2))
        [due] = [due for due in purging.due() if due.name == "import tables"]
        assert (due.count, purging.apply(due), tables_of_imports()) == (2, 2, [])
        assert "import tables" not in {due.name for due in purging.due()}


def test_the_journal_is_read_to_its_end(pooled: PgBouncer) -> None:
    for rank in range(3):
        for _ in range(4):
            record(Event.SIGNED_IN, subject=f"account:{rank}")
    assert list(broken_chains()) == []
    Entry.objects.filter(subject="account:1", sequence=3).update(actor="account:9")
    assert list(broken_chains()) == ["account:1: the chain breaks at entry 3"]


def test_an_entry_that_comes_while_the_journal_is_read_breaks_no_chain(pooled: PgBouncer) -> None:
    for rank in range(3):
        record(Event.SIGNED_IN, subject=f"account:{rank}")
    Entry.objects.filter(subject="account:0").update(actor="account:9")
    found = broken_chains()
    assert next(found).startswith("account:0")
    name = connections["default"].settings_dict["NAME"]
    other = psycopg.connect(f"postgresql://postgres@127.0.0.1:{pooled.port}/{name}")
    with other:
        other.execute("UPDATE journal_head SET sequence = 2 WHERE subject = 'account:2'")
    assert list(found) == []


def test_migrations_run(pooled: PgBouncer) -> None:
    call_command("migrate", verbosity=0)


def test_check_tells_of_the_pooler_and_refuses_one_that_takes_transactions_apart(
    pooled: PgBouncer, reached: Reached
) -> None:
    assert ("ok", "through a pooler") in said(database.look())
    assert wrong(database.look()) == []
    with reached("default", "127.0.0.1", pooled.port, prepare_threshold=5):
        [told] = wrong(database.look())
        assert told.startswith("Statements are prepared in the session")
    with reached("default", "127.0.0.1", pooled.port, options="-c statement_timeout=1000"):
        assert wrong(database.look()) == ["The pooler refuses a parameter of the address."]
    with (
        PgBouncer(pooled.server, pool_mode="statement") as apart,
        reached("default", "127.0.0.1", apart.port),
    ):
        assert any("statement mode" in words for words in wrong(database.look()))


@pytest.fixture
def own_server() -> Iterator[postgresql.Server]:
    with postgresql.serving() as server:
        yield server


@pytest.mark.skipif(
    not os.environ.get("TEST_POOLER"), reason="make test-engines: it stops a server of its own"
)
def test_a_server_that_is_away_is_said_soon_and_found_again_at_once(
    own_server: postgresql.Server, reached: Reached
) -> None:
    with PgBouncer(own_server.address, query_wait_timeout="1") as pool:
        name = {"HOST": "127.0.0.1", "PORT": pool.port}
        with reached("default", name["HOST"], name["PORT"], connect_timeout=5):
            connection.settings_dict["NAME"] = "postgres"
            session()
            own_server.stop()
            begun = time.monotonic()
            for _ in range(2):
                with pytest.raises(OperationalError):
                    session()
                connection.close()
            assert time.monotonic() - begun < 8
            own_server.start()
            begun = time.monotonic()
            while time.monotonic() - begun < 5:
                try:
                    session()
                except OperationalError:
                    connection.close()
                else:
                    break
            assert time.monotonic() - begun < 3


SESSION = re.compile(
    r"pg_(?:try_)?advisory_(?!xact)|\bLISTEN \w|\bNOTIFY \w|\bSET (?!LOCAL|TRANSACTION|CONSTRAINTS)[a-z_]+ (?:=|TO) '|"
    r"\bPREPARE \w|\bDECLARE \w|WITH HOLD|set_config\([^)]*false"
)
# Where rows are streamed, and what holds the transaction that their cursor lives in.
STREAMED = {
    "journal/services.py": "one_moment",
    "casework/services/tallying.py": "hold_back_tallies",
    "mail/services.py": "needs_transaction",
    "backup/tables.py": "backup.snapshot, in every caller",
}


def test_no_test_leaves_a_setting_in_a_session_that_the_next_one_may_get() -> None:
    """Behind a pooler it is another test's, on another process: there, locks were given up after a thousandth of a second."""
    kept = re.compile(r"""["'](?:SET (?!LOCAL|TRANSACTION|CONSTRAINTS)|RESET )[a-z_]+""")
    for file in TESTS.rglob("*.py"):
        assert not kept.search(file.read_text()), file


def test_nothing_is_asked_of_a_session_or_left_in_it() -> None:
    for file in SOURCE.rglob("*.py"):
        text, name = file.read_text(), str(file.relative_to(SOURCE))
        assert not SESSION.search(text), name
        assert (".iterator(" in text) == (name in STREAMED), name
