"""What every test may ask for: the cast in the register, accounts in any standing, the mail that left, the clock."""

import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

from tests import tables
from tests.journeys import running
from tests.postgresql import dropped_past_the_pooler, emptied_quickly

POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
ENGINES = "TEST_ENGINES" in os.environ
# What takes minutes comes first, so that no process is left with it when the others have nothing more to do: before all what
# mostly waits, while the browsers of the others work. Those of a folder stay together: they share a portal.
LONGEST = (
    "tests/config/test_slow_connections.py",
    "tests/config/test_outage.py",
    "tests/vault/test_interrupted.py",
    "tests/reading/test_killed.py",
    "tests/journeys/test_treating.py",
    "tests/journeys/test_sending.py",
    "tests/journeys/test_unsent.py",
    "tests/journeys/test_every_page.py",
    "tests/journeys/",
    "tests/api/test_exploring.py",
    "tests/vault/test_hostile.py",
    "tests/vault/test_papers.py",
    "tests/test_permissions.py",
    "tests/demo/",
    "tests/config/test_installation.py",
    "tests/vault/test_turns.py",
    "tests/ui/test_gallery.py",
    "tests/casework/test_many_agents.py",
    "tests/accounts/test_passkeys.py",
)


# A machine that has other work is slow, which is no fault of what is tested. In a test's own `settings`: beside what it names.
SLOW_IS_NO_FAULT = [HealthCheck.too_slow]
settings.register_profile("tests", deadline=None, suppress_health_check=SLOW_IS_NO_FAULT)
settings.load_profile("tests")


def pytest_configure() -> None:
    """Collecting makes some million objects that all stay: the collector of garbage would go through them again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000)  # a page makes thousands of objects, and nearly all of them are gone at its end
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which tests run on which database, and which of them first.

    SQLite: all but those marked `postgresql`, and `engines` unless `TEST_ENGINES` is set. PostgreSQL: those marked so and those
    that use the database, without the browser's journeys and what is marked `any_database`; of those marked
    `one_on_postgresql`, the first set of parameters.
    """
    wanted = _OnPostgresql() if POSTGRESQL else _on_sqlite
    kept, left_out = [], []
    for item in (
        items
    ):  # each is asked once: of several sets of parameters, the first that is asked is the one that runs
        (kept if wanted(item) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(kept, key=_rank)


def _rank(item: pytest.Item) -> int:
    ranks = (rank for rank, place in enumerate(LONGEST) if item.nodeid.startswith(place))
    return next(ranks, len(LONGEST))


def _on_sqlite(item: pytest.Item) -> bool:
    if item.get_closest_marker("engines") and not ENGINES:
        return False
    return item.get_closest_marker("postgresql") is None


class _OnPostgresql:
    """Asked of one test after the other: whether it runs there."""

    def __init__(self) -> None:
        self._seen: set[tuple[object, str]] = set()

    def __call__(self, item: pytest.Item) -> bool:
        if item.get_closest_marker("postgresql"):
            return True
        uses_database = item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ())
        elsewhere = item.get_closest_marker("journey") or item.get_closest_marker("any_database")
        return bool(uses_database) and not elsewhere and not self._is_another_of_one(item)

    def _is_another_of_one(self, item: pytest.Item) -> bool:
        if not item.get_closest_marker("one_on_postgresql"):
            return False
        function = (item.parent, item.originalname)  # type: ignore[attr-defined]
        if function in self._seen:
            return True
        self._seen.add(function)
        return False


@pytest.fixture(autouse=True, scope="session")
def _emptied_quickly() -> Iterator[None]:
    """What tests in real transactions leave is deleted, and no more: Django would write its permissions anew each time."""
    silent = mock.patch("django.core.management.commands.flush.emit_post_migrate_signal")
    past_it = dropped_past_the_pooler() if os.environ.get("TEST_POOLER") else nullcontext()
    with silent, past_it, emptied_quickly() if POSTGRESQL else nullcontext():
        yield


@pytest.fixture(autouse=True, scope="session")
def _tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a database with its tables is kept for every process of this run, and every portal that they start."""
    running.EMPTY_DATABASE = tables.place(tmp_path_factory)
    return running.EMPTY_DATABASE


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, _tables: Path
) -> Iterator[None]:
    """Before the tests' own database is made."""
    with nullcontext() if POSTGRESQL else tables.made_once(_tables), tables.in_a_file():
        yield


@pytest.fixture(autouse=True, scope="session")
def _by_messages() -> Iterator[None]:
    """`TEST_WORK=celery`: every sweep is run by a message on a real broker."""
    if not os.environ.get("TEST_WORK"):
        yield
        return
    from tests.through_broker import every_sweep

    with every_sweep():
        yield


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    from adherents.accounts import limits
    from adherents.telemetry import outages

    limits.forget_all()
    outages.forget_told()
    yield
    limits.forget_all()


@pytest.fixture(autouse=True)
def journal_watch() -> Iterator[list[str]]:
    """Whatever a test does, the journal names no person."""
    from tests.journal.guard import watched

    with watched() as named:
        yield named
    assert not named, "the journal holds personal data"


@pytest.fixture
def whole_journal() -> Iterator[None]:
    """Whatever raced, no chain of the journal is broken by it. On PostgreSQL only, where something races."""
    from django.db import connection

    from adherents.journal.services import broken_chains

    assert connection.vendor == "postgresql"
    yield
    assert list(broken_chains()) == []


@pytest.fixture
def register(db: None) -> None:
    """The whole cast as lines of the register."""
    from tests.cast import EVERYBODY
    from tests.factories import add_to_register

    for person in EVERYBODY:
        add_to_register(person)


@dataclass(frozen=True)
class Mail:
    """A mail that arrived."""

    to: str
    sender: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The path of the link to follow."""
        match = re.search(r"https?://[^/\s]+(/adherent/authentication/[a-z-]+/[0-9a-f]+)", self.text)
        assert match, self.text
        return match[1]

    @property
    def token(self) -> str:
        return self.link.rsplit("/", 1)[-1]


@pytest.fixture
def mails(db: None, mailoutbox: list[object]) -> Callable[[], list[Mail]]:
    """Let the worker do what is due, and return the mails that arrived since the last call.

    What else is due comes first, since it may write mails: after these, two dozen sweeps need not be asked again.
    """
    from adherents.work.registry import SWEEPS
    from adherents.work.services import run_until_nothing_is_left

    others = [name for name in SWEEPS if name != "mail"]

    def arrive() -> list[Mail]:
        run_until_nothing_is_left(*others)
        run_until_nothing_is_left("mail")
        mails = [
            Mail(
                to=mail.to[0],  # type: ignore[attr-defined]
                sender=mail.from_email,  # type: ignore[attr-defined]
                subject=mail.subject,  # type: ignore[attr-defined]
                text=mail.body,  # type: ignore[attr-defined]
                html=mail.alternatives[0][0],  # type: ignore[attr-defined]
            )
            for mail in mailoutbox
        ]
        mailoutbox.clear()
        return mails

    return arrive
