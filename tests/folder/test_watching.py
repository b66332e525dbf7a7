"""The command: one watcher at a time, codes for cron, a stop that is clean, and what it says of what waits."""

import io
import shutil
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from adherents.folder.endings import BUSY, Ending
from adherents.folder.models import FolderBatch, FolderPaper, FolderWatch
from adherents.folder.services import batches, registers
from adherents.folder.services.rounds import go_round
from adherents.folder.services.watching import (
    LEASE,
    Turn,
    WatchGone,
    WatchHeld,
    keep_watch,
    leave_watch,
    take_watch,
)
from adherents.members.models import Member
from adherents.work.purging import apply, due
from adherents.work.selectors import backlog_states
from tests.config.installation import environment
from tests.folder.exchange import Exchange
from tests.members.importing import CAST

pytestmark = pytest.mark.django_db


def watch(path: Path, **options: Any) -> tuple[int, str]:
    """`adherents watch_folder PATH --once`: its exit code, and what it said."""
    out = io.StringIO()
    try:
        call_command("watch_folder", str(path), once=True, stdout=out, **options)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """With its subfolders, and nothing in them."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    with Exchange.opened(folder):
        return folder


def test_the_command_ends_with_the_code_of_an_import(path: Path) -> None:
    with Exchange.opened(path) as exchange:
        exchange.put_register("nuit", CAST)
    code, said = watch(path)
    first = FolderBatch.objects.get()
    assert (code, said) == (0, f"adhérents, nuit : lot n° {first.pk}, voir done/{first.place}.\n")
    assert watch(path) == (0, "")
    with Exchange.opened(path) as exchange:
        exchange.put_register("coupe", CAST[:3])
        exchange.put_register("mauvais", CAST)
        (path / "members" / "mauvais.fin").write_text("rien")
    code, said = watch(path)
    assert code == Ending.REFUSED.value == 2  # the gravest of the two
    assert f"refused/{first.pk + 1:06d}-members-coupe" in said
    with Exchange.opened(path) as exchange:
        exchange.put_register("coupe", CAST[:3])
    assert watch(path)[0] == 3
    with Exchange.opened(path) as exchange:
        exchange.put_register("coupe", CAST[:3])
    assert watch(path, allow_gone=80.0)[0] in {0, 4}


def test_only_one_watches_a_folder_and_one_folder_is_watched(path: Path, tmp_path: Path) -> None:
    with Exchange.opened(path) as exchange:
        exchange.put_register("nuit", CAST)
        code, said = watch(path)
        assert (code, said) == (BUSY, "Un autre processus regarde déjà ce dossier.")
        token = take_watch(folder=exchange.folder.identity)
    other = tmp_path / "other"
    other.mkdir()
    code, said = watch(other)
    assert code == BUSY
    assert "Un dossier est déjà regardé" in said
    assert not FolderBatch.objects.exists()
    leave_watch(token)
    assert watch(other)[0] == 0


@pytest.mark.any_database
def test_a_watcher_whose_lease_ended_writes_nothing_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another machine, where the lock of the folder says nothing."""
    mine = take_watch(folder="here")
    with pytest.raises(WatchHeld):
        take_watch(folder="there")
    assert take_watch(folder="here") != mine  # the lock says that the one before is dead
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        theirs = take_watch(folder="there")
        with pytest.raises(WatchGone):
            keep_watch(mine)
        with Exchange.opened(path) as exchange:
            exchange.put_register("nuit", CAST)
            settle = batches.settle_batch

            def settled_late(**given: Any) -> None:
                FolderWatch.objects.update(token="another")
                settle(**given)

            monkeypatch.setattr(registers, "settle_batch", settled_late)
            with pytest.raises(WatchGone):
                go_round(folder=exchange.folder, turn=Turn(theirs))
    assert not Member.objects.exists()


@pytest.mark.any_database
def test_what_waits_for_more_than_an_hour_is_said_and_counted(path: Path) -> None:
    (path / "members" / "oublie.csv").write_text("x")
    (path / "members" / ".part").write_text("x")
    assert watch(path) == (0, "")
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        code, said = watch(path)
        assert (code, said.count("\n")) == (0, 1)
        assert said.startswith("members/oublie.csv attend depuis plus d’une heure")
        [waiting] = [state for state in backlog_states() if state.kind == "folder"]
        assert (waiting.count, waiting.age >= timedelta(hours=1)) == (1, True)
        (path / "members" / "oublie.csv").unlink()
        watch(path)
        assert [state.count for state in backlog_states() if state.kind == "folder"] == [0]
        take_watch(folder="killed")
    with time_machine.travel(timezone.now() + timedelta(hours=5)):
        [died] = [state for state in backlog_states() if state.kind == "folder"]
        assert died.age >= timedelta(hours=2)


@pytest.mark.any_database
def test_what_was_taken_goes_away_after_the_days_of_the_profile_and_its_row_later(path: Path) -> None:
    with Exchange.opened(path) as exchange:
        exchange.put_register("nuit", CAST)
    watch(path)
    batch = FolderBatch.objects.get()
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        watch(path)
        assert (path / "done" / batch.place).exists()
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        watch(path)
        assert not (path / "done" / batch.place).exists()
        assert FolderBatch.objects.get().report == ""
    with time_machine.travel(timezone.now() + timedelta(days=401)):
        for line in due():
            if "folder" in line.name:
                apply(line)
    assert not FolderBatch.objects.exists()
    assert not FolderPaper.objects.exists()


@pytest.mark.any_database
def test_a_place_that_leads_to_what_is_the_portals_own_is_refused(settings: Any, tmp_path: Path) -> None:
    data = Path(settings.DATA_DIR)
    for place, words in (
        (data / "exchange", "data folder"),
        (data.parent, "data folder"),
        (tmp_path / "none", "not there"),
    ):
        code, said = watch(place)
        assert code == Ending.TROUBLE.value
        assert words in said
    file = tmp_path / "file"
    file.write_text("x")
    assert watch(file)[0] == Ending.TROUBLE.value
    with pytest.raises(CommandError, match="Quel dossier"):
        call_command("watch_folder", once=True)


@pytest.mark.any_database
def test_one_that_stays_looks_again_and_stops_cleanly_when_it_is_told_to(
    tmp_path: Path, empty_database: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    given = environment(data)
    shutil.copyfile(empty_database, data / "adherents.sqlite3")
    folder = tmp_path / "exchange"
    folder.mkdir()
    with Exchange.opened(folder) as exchange:
        exchange.put_register("un", CAST)
    command = [
        str(Path(sys.executable).with_name("adherents")),
        "watch_folder",
        str(folder),
        "--pause",
        "0.2",
    ]
    with subprocess.Popen(
        command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        assert "voir done/000001-members-un" in running.stdout.readline()
        exchange.put_register("deux", CAST)
        assert "voir done/000002-members-deux" in running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        rest = running.stdout.read()
        assert running.wait(timeout=30) == 0, rest


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_nobody_takes_the_watch_while_a_transaction_writes_under_it() -> None:
    """Its lease is over, and it writes at this very moment: who wants the watch waits, and does not get it."""
    mine, held = take_watch(folder="here"), []

    def take() -> None:
        try:
            take_watch(folder="there")
        except WatchHeld:
            held.append(1)
        finally:
            connection.close()

    FolderWatch.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    other = threading.Thread(target=take)
    with transaction.atomic():
        keep_watch(mine)
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()
    other.join(timeout=20)
    assert held
    keep_watch(mine)
