import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from adherents.telemetry import watching
from adherents.work.registry import lanes, sweeps_of
from adherents.work.services import beat_once, run_lanes, run_until_nothing_is_left


class Command(BaseCommand):
    help = (
        "Do the work that requests leave behind: mails, links, page images. Start as many as you like. Mails never wait for "
        "drawings: one worker does both at once, in lanes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="do what is due, then stop (for cron and tests)"
        )
        parser.add_argument(
            "--only",
            action="append",
            choices=lanes(),
            metavar="LANE",
            help=f"no other lane than this one (repeatable): {', '.join(lanes())}",
        )
        parser.add_argument(
            "--pause",
            type=float,
            default=1.0,
            metavar="SECONDS",
            help="between two idle rounds (with a broker: while it is away)",
        )

    def handle(self, *args: Any, once: bool, pause: float, only: list[str] | None, **options: Any) -> None:
        wanted = [lane for lane in lanes() if not only or lane in only]
        watching.begin(stays=not once)
        if once:
            self.stdout.write(f"{self._until_nothing_is_left(wanted)} done")
            beat_once(lanes=wanted)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if settings.ADHERENTS_WORK_URL:
            from adherents.work.adapters.supervisor import run_on_broker  # needs Celery

            sys.exit(run_on_broker(wanted, stop=stop, pause=pause))
        run_lanes(wanted, stop=stop, pause=pause)

    def _until_nothing_is_left(self, wanted: list[str]) -> int:
        """Lane by lane, mails first, then what one lane left for another."""
        total = 0
        while done := sum(run_until_nothing_is_left(*sweeps_of(lane)) for lane in wanted):
            total += done
        return total
