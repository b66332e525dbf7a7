import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adherents.reading.models import PaperReading
from adherents.reading.services.entering import enter_again, enter_checked


class Command(BaseCommand):
    help = (
        "Have the documents read that were in the portal before, as long as a decision waits for them. They go behind what is "
        "sent meanwhile, a few at a time; the worker reads them. Can be stopped, and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--limit", type=int, default=0, metavar="N", help="how many at most; all without it"
        )
        parser.add_argument(
            "--at-once",
            type=int,
            default=20,
            metavar="N",
            help="how many of them wait for the worker at most (20)",
        )
        parser.add_argument(
            "--pause", type=float, default=5.0, metavar="SECONDS", help="between two looks at what waits (5)"
        )

        parser.add_argument(
            "--again",
            action="store_true",
            help="first, once more those whose reading did not end: a reader died three times, or workers were killed ten times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        limit, added = options["limit"], 0
        if options["again"]:
            self.stdout.write(f"{enter_again()} document(s) to read again")
        while not limit or added < limit:
            waiting = PaperReading.objects.unfinished().filter(behind=True).count()
            room = max(options["at_once"], 1) - waiting
            if limit:
                room = min(room, limit - added)
            if room <= 0:
                time.sleep(options["pause"])
                continue
            done = enter_checked(limit=room)
            added += done
            if not done:
                break
        self.stdout.write(f"{added} document(s) to read")
