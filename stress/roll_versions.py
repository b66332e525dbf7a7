"""The version before and this one: a tree of the repository each, on one installation that the version before has filled."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import postgresql
from tests.config.installation import MASTER_KEY, SECRET_KEY
from tests.journeys.running import ROOT
from tests.members.member_file import child_of, line_of, write, write_beneficiaries

from stress.portal import ROOM, UNBOUNDED

BEFORE = "03d54e2e9840bd144ec9424b1d59b6966a365481"  # the last commit before 0.2.0, tagged v0.1.0
AGENT = "claire.morel@mese.example"
WROTE = """
import sys, django
django.setup()
from django.db import transaction
from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post
sent, waiting = map(int, sys.argv[1:])
for first in range(0, sent, 1000):
    OutboxMail.objects.bulk_create([
        OutboxMail(name="accounts/password_set", recipient="a@example.org", language="fr", context="",
            state=MailState.SENT, next_attempt_at=None)
        for _ in range(min(1000, sent - first))])
with transaction.atomic():
    for number in range(waiting):
        name = "accounts/reset_link" if number % 20 == 0 else "accounts/lock_ended"
        post(name, to=f"waits{number}@example.org", language="fr",
            context={"link": "http://localhost/x", "link_validity_minutes": 60, "lock_hours": 24, "agent": False})
"""


@dataclass
class Version:
    """A tree of the repository, and the settings of an installation that runs it."""

    tree: Path
    environment: dict[str, str]

    def run(self, *arguments: str, text: str = "") -> str:
        """What a module, or a script after `-c`, says."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self._surroundings(),
            cwd=self.tree,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def spawn(self, machine: Path, *command: str) -> "subprocess.Popen[bytes]":
        """An `adherents` command that goes on, with the data folder and the log of this machine."""
        machine.mkdir(exist_ok=True)
        own = {"ADHERENTS_DATA_DIR": str(machine / "data")}
        with (machine / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "django", *command],
                env=self._surroundings() | own,
                cwd=self.tree,
                stdout=log,
                stderr=log,
            )

    def _surroundings(self) -> dict[str, str]:
        return self.environment | {"PYTHONPATH": f"{self.tree / 'src'}{os.pathsep}{self.tree}"}


def version_before(tree: Path, environment: dict[str, str]) -> Version:
    """Its tree out of the repository, with what setup would make of it; this version's packages serve it too."""
    packed = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=False)
    assert packed.returncode == 0, f"the commit {BEFORE} is not in this clone: {packed.stderr.decode()}"
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(tree, filter="data")
    subprocess.run([sys.executable, "scripts/compile_messages.py"], cwd=tree, check=True)
    library = Path("src/adherents/vault/static/vault/tus.min.js")
    if (ROOT / library).exists():
        (tree / library).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / library, tree / library)
    return Version(tree, environment)


def surroundings(
    folder: Path, server: postgresql.Server | None, mail_port: int, cache: str
) -> dict[str, str]:
    """The settings that both versions have, of machines that share a database, a storage and a cache."""
    (folder / "objects").mkdir()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ADHERENTS_", "PYTEST_"))
    }
    own = {
        "BASE_URL": "http://localhost",
        "DATA_DIR": str(folder / "commands"),
        "DATABASE_URL": server.address if server else f"sqlite:///{folder}/portal.sqlite3",
        "STORAGE_URL": f"file://{folder}/objects",
        "CACHE_URL": cache,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "PROFILE": str(folder / "profile.toml"),
        "SECRET_KEY": SECRET_KEY,
        "MASTER_KEY": MASTER_KEY,
        "PROXIES": "1",
    }
    named = {f"ADHERENTS_{name}": value for name, value in own.items()}
    return kept | named | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"}


def write_profile(folder: Path, tree: Path) -> None:
    """The version before's own, which this version must take too; no limit on how often one comes is ever reached."""
    profile = (tree / "profiles" / "mese.toml").read_text()
    changes = {
        "00/hour": "0000/hour",
        '"60/hour': '"6000/hour',
        ROOM: UNBOUNDED,
        "undo_seconds = 10": "undo_seconds = 3",
    }
    for line, changed in changes.items():
        assert line in profile, line
        profile = profile.replace(line, changed)
    (folder / "profile.toml").write_text(profile)


def prepare(folder: Path, old: Version, persons: list[Any], sent: int) -> str:
    """Tables, the register, accounts, an agent and mails that left long ago; the key of the agent's app."""
    file = write(folder / "members.csv", map(line_of, persons))
    children = write_beneficiaries(folder / "children.csv", [child_of(person) for person in persons[:2]])
    numbers = json.dumps([person.number for person in persons])
    old.run(
        "-m", "tests.journeys.prepare", str(file), str(children), str(folder / "empty.sqlite3"), text=numbers
    )
    old.run("-c", WROTE, str(sent), "0")
    return old.run("-m", "tests.journeys.ready_agent", AGENT, "conseiller", "Claire Morel").strip()
