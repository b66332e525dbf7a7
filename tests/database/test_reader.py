"""A real streaming standby is asked what is heavy to read: never what it does not have yet, and never when it is away."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import OperationalError, connections, transaction
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.figures.selectors import read
from adherents.config.connecting import standby as looked_at
from adherents.database import READER, reader
from adherents.database.reader import from_reader, listed
from adherents.desk.figures.wanted import FiguresFilter
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.selectors import find
from adherents.telemetry import engines, metrics
from tests import postgresql
from tests.agents import make_agent, signed_in
from tests.cast import CAMILLE, EVE, KARIM
from tests.config.asking import said
from tests.database.conftest import Reached, server
from tests.factories import add_to_register

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
Standby = postgresql.Standby


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a standby is behind for longer."""
    monkeypatch.setattr(reader, "CATCHES_UP_WITHIN", 5.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CATCHES_UP_WITHIN", 0.02)


def answered_by(ask: Callable[[], object]) -> str:
    """Who answers: what the counters say of it."""

    def counts() -> dict[str, float]:
        return {by: metrics.READS.labels(by)._value.get() for by in ("reader", "behind", "away")}

    before = counts()
    ask()
    return " ".join(by for by, times in counts().items() if times > before[by])


def failures() -> float:
    """How often the reader was asked and did not answer."""
    return float(metrics.ENGINE_FAILURES.labels(READER)._value.get())


def found(name: str) -> list[str]:
    return [hit.member.number for hit in find(name)]


@pytest.mark.usefixtures("read_there")
def test_search_figures_and_exports_are_asked_of_the_reader() -> None:
    add_to_register(CAMILLE)
    [hit] = find("Dupont")
    assert (hit.member.number, hit.member._state.db) == (CAMILLE.number, READER)
    assert answered_by(lambda: read(FiguresFilter(), Account())) == "reader"
    assert [row._state.db for row in listed(Member.objects.all())] == [READER]
    assert Member.objects.get()._state.db == "default"


@pytest.mark.usefixtures("read_there")
def test_a_row_that_came_from_the_reader_is_written_and_read_again_in_the_database() -> None:
    add_to_register(CAMILLE)
    [hit] = find("Dupont")
    hit.member.phone = "0476605636"
    hit.member.save(update_fields=["phone"])
    hit.member.refresh_from_db()
    assert (hit.member.phone, hit.member._state.db) == ("0476605636", "default")


@pytest.mark.usefixtures("impatient")
def test_what_was_just_written_is_found_though_the_reader_does_not_have_it(read_there: Standby) -> None:
    add_to_register(CAMILLE)
    read_there.pause()
    try:
        add_to_register(EVE)
        assert answered_by(lambda: found("Payet")) == "behind"
        assert found("Payet") == [EVE.number]
    finally:
        read_there.go_on()


def test_a_reader_that_is_a_little_behind_is_waited_for(read_there: Standby) -> None:
    for person in (CAMILLE, EVE, KARIM):
        add_to_register(person)
        assert answered_by(lambda person=person: found(person.number)) == "reader"  # type: ignore[misc]


@pytest.mark.usefixtures("read_there")
def test_in_a_transaction_the_database_is_asked() -> None:
    with transaction.atomic():
        add_to_register(CAMILLE)
        assert found("Dupont") == [CAMILLE.number]


@pytest.mark.usefixtures("read_there")
def test_after_a_write_the_database_is_asked() -> None:
    """The function breaks its promise; it reads what it wrote all the same."""

    @from_reader
    def reads_and_writes() -> list[str]:
        asked = [Member.objects.all().db]
        add_to_register(CAMILLE)
        assert Member.objects.filter(number=CAMILLE.number).exists()
        return [*asked, Member.objects.all().db]

    assert reads_and_writes() == [READER, "default"]


def test_a_reader_that_is_away_is_replaced_and_not_waited_for(read_there: Standby) -> None:
    add_to_register(CAMILLE)
    assert found("Dupont") == [CAMILLE.number]
    before = failures()
    read_there.stop()
    try:
        assert answered_by(lambda: found("Dupont")) == "away"
        for _ in range(20):
            assert found("Dupont") == [CAMILLE.number]
        assert failures() == before + 1
        assert not connections[READER].in_atomic_block
    finally:
        read_there.start()
    reader.ask_again()
    assert answered_by(lambda: found("Dupont")) == "reader"


def test_a_reader_that_goes_half_way_is_replaced(read_there: Standby) -> None:
    add_to_register(CAMILLE)
    times = []

    @from_reader
    def asked() -> list[Member]:
        times.append(Member.objects.count())
        if len(times) == 1:
            with connections[READER].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (session,) = cursor.fetchone()
            read_there.run(f"SELECT pg_terminate_backend({session})")
            time.sleep(0.05)
        return list(Member.objects.all())

    assert [member.number for member in asked()] == [CAMILLE.number]
    assert times == [1, 1]


def test_an_error_that_is_not_the_reader_s_is_no_reason_to_ask_twice(read_there: Standby) -> None:
    times = []

    @from_reader
    def wrong() -> None:
        times.append(1)
        Member.objects.get(number="absent")

    with pytest.raises(Member.DoesNotExist):
        wrong()
    assert len(times) == 1
    assert answered_by(lambda: found("Dupont")) == "reader"


def test_what_is_no_standby_is_never_asked(reached: Reached) -> None:
    """The database itself, named as its reader."""
    reader.ask_again()
    (own,) = parse_qs(urlsplit(server()).query)["host"]
    with reached(READER, own, ""):
        assert answered_by(lambda: found("Dupont")) == "behind"
        assert reader.why_never_asked() == "it is no standby"
        assert said(looked_at.look()) == [("fault", "It is never asked: it is no standby.")]


def test_check_says_how_far_behind_it_is_and_health_that_it_is_away(read_there: Standby) -> None:
    [(gravity, words)] = said(looked_at.look())
    assert (gravity, words.startswith("a standby, ")) == ("ok", True)
    probe = engines.ENGINES[READER].probe  # in this thread: a test's others may not connect
    probe()
    assert engines.ENGINES[READER].is_set()
    read_there.stop()
    try:
        connections[READER].close()
        [(gravity, words)] = said(looked_at.look())
        assert (gravity, words) == ("fault", "Nothing listens there.")
        with pytest.raises(OperationalError):
            probe()
    finally:
        read_there.start()


@pytest.fixture
def agent(read_there: Standby) -> Client:
    return signed_in(make_agent(Role.SUPERVISOR))


def test_the_pages_are_the_same(agent: Client) -> None:
    add_to_register(CAMILLE)
    assert answered_by(lambda: agent.post("/gestion/adherents/", {"q": CAMILLE.number})) == "reader"
    answer = agent.post("/gestion/adherents/", {"q": CAMILLE.number})
    assert (answer.status_code, f"/{Member.objects.get().pk}/" in answer["Location"]) == (302, True)
    assert agent.get("/gestion/chiffres/").status_code == 200
    assert Entry.objects.exists()
