"""`python -m stress.folder_inside FOLDER EMPTY.SQLITE3 EVERY`, in a process of its own: `stress.folder` says what it shows."""

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402
from tests.casework.queueing import NEEDED, adviser  # noqa: E402
from tests.cast import CAMILLE, JEAN_FRANCOIS  # noqa: E402
from tests.factories import add_to_register, open_account  # noqa: E402
from tests.folder.exchange import Exchange  # noqa: E402
from tests.members.importing import CAST  # noqa: E402
from tests.members.member_file import child_of  # noqa: E402
from tests.tables import kept_for_all  # noqa: E402
from tests.vault.conftest import deposited, pdf  # noqa: E402

from adherents.casework.models import Item  # noqa: E402
from adherents.casework.services import deciding  # noqa: E402
from adherents.casework.services.entering import enter_checked  # noqa: E402
from adherents.insurer.profile import profile  # noqa: E402
from adherents.members.models import Member  # noqa: E402
from adherents.vault.services.rendition import draw_due  # noqa: E402

STEPS_OF_THE_DISK = ("rename", "unlink", "rmdir", "mkdir", "fsync", "write")
COUNTED = {
    "members": "SELECT number, email, source, gone_at IS NULL FROM members_member ORDER BY number",
    "beneficiaries": "SELECT count(*) FROM members_beneficiary",
    "papers": "SELECT member_id, kind, name, sha256 FROM vault_document WHERE origin = 'insurer' ORDER BY name",
    "receipts": "SELECT count(*) FROM vault_deposit",
    "mails": "SELECT count(*) FROM mail_outboxmail",
    "journal": "SELECT event, count(*) FROM journal_entry GROUP BY event ORDER BY event",
    "announced": "SELECT type, count(*) FROM feed_announcement GROUP BY type ORDER BY type",
    "batches": "SELECT kind, name, refused, state, count(*) FROM folder_folderbatch GROUP BY 1, 2, 3, 4 ORDER BY 1, 2",
    "deliveries": "SELECT kind, state, count(*) FROM folder_folderdelivery GROUP BY kind, state ORDER BY kind",
}


class Place:
    """Everything that a round changes: the database, the objects, the exchange folder. It can be put back as it was."""

    def __init__(self, folder: Path) -> None:
        self.data, self.exchange, self.kept = folder / "data", folder / "exchange", folder / "kept"
        self.database = Path(connection.settings_dict["NAME"])

    def keep(self) -> None:
        connection.close()
        with closing(sqlite3.connect(self.database)) as open_one:
            open_one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for there in (self.exchange, self.data / "documents"):
            shutil.copytree(there, self.kept / there.name)
        shutil.copyfile(self.database, self.kept / "database")

    def put_back(self) -> None:
        for there in (self.exchange, self.data / "documents"):
            shutil.rmtree(there)
            shutil.copytree(self.kept / there.name, there)
        for left in ("-wal", "-shm"):
            Path(f"{self.database}{left}").unlink(missing_ok=True)
        shutil.copyfile(self.kept / "database", self.database)


def prepare(place: Place, empty: Path) -> None:
    if not kept_for_all(empty, lambda: call_command("migrate", verbosity=0)):
        shutil.copyfile(empty, place.database)
    for person in (CAMILLE, JEAN_FRANCOIS):
        add_to_register(person)
    open_account(CAMILLE)
    member = Member.objects.get(number=CAMILLE.number)
    for number in range(2):
        deposited(member, pdf(words=f"Feuille {number}"))
    draw_due()
    while enter_checked():
        pass
    first, second = Item.objects.order_by("pk")
    deciding.accept(agent=adviser(1), item=first)
    deciding.refuse(agent=adviser(2), item=second, **NEEDED)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        deciding.settle_due()
    place.exchange.mkdir()
    with Exchange.opened(place.exchange) as exchange:
        exchange.put_register("nuit", CAST, [child_of(CAMILLE)])
        exchange.put_register("coupe", CAST[:2])
        (place.exchange / "members" / "coupe.csv").write_text("coupe")
        files = {f"{name}.pdf": pdf(words=name) for name in ("un", "deux")} | {"faux.pdf": b"MZ"}
        lines = [(CAMILLE.number, "rib", "", "", name) for name in files]
        exchange.put_papers("cartes", lines, files)


def watched(place: Place, *, killed_at: int | None = None) -> int:
    """The command, in a process of its own; how many steps it took, or -1 when it was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        steps = _count_steps(killed_at)
        try:
            with Path(os.devnull).open("w") as nowhere:
                call_command("watch_folder", str(place.exchange), once=True, stdout=nowhere)
        except CommandError as error:
            if error.returncode != 2:
                sys.stderr.write(f"{error}\n")
                os._exit(1)
        os.write(writing, str(steps()).encode())
        os._exit(0)
    os.close(writing)
    _pid, status = os.waitpid(pid, 0)
    with os.fdopen(reading) as said:
        counted = said.read()
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, code
    return int(counted) if code == 0 else -1


def _count_steps(killed_at: int | None) -> Callable[[], int]:
    """From here on, each step is counted; the process kills itself before the one of this number."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            step()
            return function(*args, **options)

        return called

    for name in STEPS_OF_THE_DISK:
        setattr(os, name, before(getattr(os, name)))
    connection._commit = before(connection._commit)

    def statement(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            step()
        return execute(sql, *rest)

    connection.execute_wrappers.append(statement)
    return lambda: count


def fetch(place: Place, fetched: Counter[str]) -> None:
    """The insurer takes away what it finds, and reads the lists."""
    for kind in ("decisions", "originals"):
        for file in sorted((place.exchange / kind).iterdir()):
            if file.suffix == ".csv":
                text = file.read_bytes().decode("utf-8-sig")
                for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";"):
                    fetched[f"{kind} {row['document']}"] += 1
            elif file.suffix == ".pdf":
                fetched[f"file {file.name}"] += 1
            file.unlink()


def outcome(place: Place, fetched: Counter[str]) -> dict[str, object]:
    """All that must be the same, killed or not."""
    with closing(sqlite3.connect(place.database)) as database:
        found: dict[str, object] = {name: database.execute(sql).fetchall() for name, sql in COUNTED.items()}
    lying = [file.relative_to(place.exchange) for file in place.exchange.rglob("*") if not file.is_dir()]
    found["files"] = sorted(
        Counter("/".join(part for part in file.parts if not part[:6].isdigit()) for file in lying).items()
    )
    reports = [file.read_text() for file in place.exchange.glob("*/*/rapport.txt")]
    found["reports"] = sorted("\n".join(report.splitlines()[3:]) for report in reports)
    found["fetched"] = sorted(fetched.items())
    return found


def main() -> None:
    folder, empty, every = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    rules = profile().folder.model_copy(update={"originals": True})
    settings.ADHERENTS_PROFILE = profile().model_copy(update={"folder": rules})
    place = Place(folder)
    prepare(place, empty)
    connections.close_all()
    place.keep()
    whole = Counter[str]()
    steps = watched(place)
    assert steps > 0
    fetch(place, whole)
    expected = outcome(place, whole)
    wrong, kills = [], 0
    for number in range(1, steps + 1, every):
        place.put_back()
        fetched = Counter[str]()
        kills += watched(place, killed_at=number) == -1
        fetch(place, fetched)
        watched(place)
        fetch(place, fetched)
        watched(place)  # nothing is left to do
        fetch(place, fetched)
        found = outcome(place, fetched)
        wrong += [
            f"killed before step {number}: {name}: {found[name]} and not {expected[name]}"
            for name in expected
            if found[name] != expected[name]
        ]
    print(json.dumps({"steps": steps, "kills": kills, "wrong": wrong}))


if __name__ == "__main__":
    main()
