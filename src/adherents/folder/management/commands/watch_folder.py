"""`adherents watch_folder [DIR] [--once]`: files come in and go out, for an insurer who has SFTP and not HTTP."""

import logging
import signal
import threading
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from adherents.database.connections import drop_broken_connection
from adherents.folder.disk import CannotUseFolder, ExchangeFolder
from adherents.folder.endings import BUSY, FAILED, Ending
from adherents.folder.faults import errors_in, unready_in
from adherents.folder.services.rounds import go_round
from adherents.folder.services.watching import LEASE, Turn, WatchGone, WatchHeld, leave_watch, take_watch
from adherents.members.services.import_files import GONE_PERCENT
from adherents.telemetry import watching

log = logging.getLogger("adherents.folder")
PAUSE, LEAST_PAUSE = 30.0, 0.1  # seconds


def _percent(text: str) -> float:
    if not 0 <= (percent := float(text)) <= 100:  # « nan » is no bound
        raise ValueError(text)
    return percent


def _pause(text: str) -> float:
    """Within the watch's own lease, which ends otherwise between two rounds."""
    if not LEAST_PAUSE <= (seconds := float(text)) <= LEASE.total_seconds() / 2:
        raise ValueError(text)
    return seconds


class Command(BaseCommand):
    help = (
        "Take the batches that lie in the exchange folder, and put into it what was decided. Without --once it stays, and "
        "looks again after a pause."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder",
            type=Path,
            nargs="?",
            metavar="DIR",
            help="the exchange folder (default: ADHERENTS_FOLDER)",
        )
        parser.add_argument("--once", action="store_true", help="one round, then stop (for cron)")
        parser.add_argument(
            "--pause",
            type=_pause,
            default=PAUSE,
            metavar="SECONDS",
            help="between two rounds (default: %(default)s)",
        )
        parser.add_argument(
            "--allow-gone",
            type=_percent,
            default=GONE_PERCENT,
            metavar="PERCENT",
            help="how much of the register one batch may end, or find under another person (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["folder"] or settings.ADHERENTS_FOLDER
        if path is None:
            raise CommandError(_("Quel dossier ? Donnez DIR, ou réglez ADHERENTS_FOLDER."), returncode=2)
        for what, hint in (*errors_in(path), *unready_in(path)):
            raise CommandError(f"{what} {hint}", returncode=Ending.TROUBLE.value)
        watching.begin(stays=False)
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        try:
            with ExchangeFolder(path) as folder:
                if not folder.take_lock():
                    raise CommandError(_("Un autre processus regarde déjà ce dossier."), returncode=BUSY)
                turn = Turn(take_watch(folder=folder.identity), is_stopping=stop.is_set)
                try:
                    ending = self._watch(folder, turn, stop, options)
                finally:
                    leave_watch(turn.token)
        except CannotUseFolder as error:
            raise CommandError(str(error), returncode=Ending.TROUBLE.value) from error
        except WatchHeld as error:
            words = _(
                "Un dossier est déjà regardé, sur une autre machine ou ailleurs ; s’il ne l’est plus, il sera libre à %(until)s."
            )
            raise CommandError(
                words % {"until": error.until.isoformat("T", "seconds")}, returncode=BUSY
            ) from error
        except WatchGone as error:
            words = _("Un autre processus a pris la suite : celui-ci s’arrête, sans rien de plus.")
            raise CommandError(words, returncode=BUSY) from error
        except DatabaseError as error:
            words = _("La base de données n’a pas répondu (%(error)s) : ce qui était en cours sera repris.")
            raise CommandError(words % {"error": type(error).__name__}, returncode=FAILED) from error
        if ending is not Ending.WELL:
            raise CommandError(_("Tout n’a pas été pris : voyez ci-dessus."), returncode=ending.value)

    def _watch(
        self, folder: ExchangeFolder, turn: Turn, stop: threading.Event, options: dict[str, Any]
    ) -> Ending:
        """One round, or rounds until it is stopped. What stays is not ended by what one round met."""
        self.said: set[str] = set()
        while True:
            before, self.said = self.said, set()
            try:
                ending = go_round(
                    folder=folder, turn=turn, say=partial(self._say, before), allow_gone=options["allow_gone"]
                )
            except DatabaseError as error:
                if options["once"]:
                    raise
                log.exception("a round of the folder failed", extra={"error": type(error).__name__})
                drop_broken_connection()
            if options["once"]:
                return ending
            if stop.wait(options["pause"]):
                return Ending.WELL

    def _say(self, before: set[str], words: str) -> None:
        """What goes on is said once."""
        self.said.add(words)
        if words not in before:
            self.stdout.write(words)
            self.stdout.flush()
