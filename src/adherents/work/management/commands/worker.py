import signal
import threading
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from adherents.work.registry import SWEEPS
from adherents.work.services import run_once, run_until_nothing_is_left


class Command(BaseCommand):
    help = "Do the work that requests leave behind: mails, links, page images. Start as many as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="do what is due, then stop (for cron and tests)"
        )
        parser.add_argument(
            "--pause", type=float, default=1.0, metavar="SECONDS", help="between two idle rounds"
        )

    def handle(self, *args: Any, once: bool, pause: float, **options: Any) -> None:
        if once:
            self.stdout.write(f"{run_until_nothing_is_left()} done")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with ExitStack() as opened:
            for sweep in SWEEPS.values():
                opened.enter_context(sweep.around())
            while not stop.is_set():
                close_old_connections()
                if not run_once(at_its_pace=True):
                    stop.wait(pause)
