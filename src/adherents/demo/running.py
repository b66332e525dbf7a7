"""Starting the demonstration, and ending all of it: the web server, the worker and the mail catcher live and die together."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import IO

from adherents.demo import data_folder
from adherents.demo.data_folder import CannotRun
from adherents.demo.ports import ADDRESS, check_ports, pages_port, smtp_port

READY_WITHIN, PATIENCE = 90, 4  # seconds: to answer, and to end when asked to
COMMAND = "from adherents.config.command import main; main()"
_PR_SET_PDEATHSIG = 1


class Demonstration:
    """The processes and threads of one run."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.stopping = threading.Event()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.log = folder / "demonstration.log"

    def run(self) -> int:
        """Serve until a signal comes (0), or a part of it ends by itself (1). Raises `CannotRun`."""
        check_ports(self.port)
        with data_folder.take(self.folder):
            self._fill()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: self.stopping.set())
            with self.log.open("ab") as log:
                try:
                    self._start(log)
                    return self._watch()
                finally:
                    self._stop()

    def _fill(self) -> None:
        from django.core.management import call_command

        from adherents.demo.people import Files
        from adherents.demo.seeding import seed

        if not data_folder.is_to_fill(self.folder):
            call_command("migrate", verbosity=0, interactive=False)
            return
        say("Je prépare cinquante adhérents et leurs documents (une vingtaine de secondes)…")
        data_folder.begin(self.folder)
        files = self.folder / "exemples"
        files.mkdir(exist_ok=True)
        seed(Files(files / "adherents.csv", files / "beneficiaires.csv"))
        data_folder.finish(self.folder)

    def _start(self, log: IO[bytes]) -> None:
        from adherents.demo import catcher

        try:
            catcher.start_smtp(smtp_port(self.port))
            catcher.start_pages(pages_port(self.port))
        except OSError as error:
            raise CannotRun(f"Le courrier ne peut pas démarrer : {error.strerror}.") from error
        self._spawn("le portail", log, "serve", "--bind", f"{ADDRESS}:{self.port}")
        self._spawn("le travail de fond", log, "worker")

    def _spawn(self, name: str, log: IO[bytes], *command: str) -> None:
        self.children[name] = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def _watch(self) -> int:
        from adherents.demo import banner

        announced, since = False, time.monotonic()
        while not self.stopping.wait(0.2):
            for name, child in self.children.items():
                if child.poll() is not None:
                    say(f"Arrêt : {name} s’est terminé ({child.returncode}). Voyez {self.log}.")
                    return 1
            if not announced and answers(self.port):
                announced = True
                say(banner.text(self.port, self.folder))
            elif not announced and time.monotonic() > since + READY_WITHIN:
                say(f"Arrêt : le portail ne répond pas. Voyez {self.log}.")
                return 1
        say("\nLa démonstration s’arrête ; ses données sont gardées.")
        return 0

    def _stop(self) -> None:
        """Everything ends within seconds: asked first, made to after that, whole process groups."""
        for child in self.children.values():
            _signal_group(child, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, until - time.monotonic()))
        for child in self.children.values():
            _signal_group(child, signal.SIGKILL)
            child.wait()


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


def answers(port: int) -> bool:
    """Whether the portal says that it is alive."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}:{port}/sante/", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _die_with_parent() -> None:
    """A demonstration that is killed outright takes its processes with it (Linux; elsewhere they must be ended by hand)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
