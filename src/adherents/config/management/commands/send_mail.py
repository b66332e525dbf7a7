from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adherents.mail.services import release
from adherents.work.models import HeldWork
from adherents.work.services import is_held, run_until_nothing_is_left


class Command(BaseCommand):
    help = (
        "Settle the requests that wait for a mail, and send every mail that is due (a running worker does it too). "
        "A restored portal sends nothing until --release is given once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--release", action="store_true", help="let the mails leave that a restore holds in the outbox"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["release"]:
            waiting = release()
            self.stdout.write(
                "The outbox was not held." if waiting is None else f"Released: {waiting} mail(s) waited."
            )
        run_until_nothing_is_left("reset requests", "identity claims")
        self.stdout.write(f"{run_until_nothing_is_left('mail')} mail(s)")
        if is_held(HeldWork.MAILS):
            self.stdout.write(
                "The outbox is held since this portal was restored: look at what waits, then add --release."
            )
