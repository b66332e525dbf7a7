import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from adherents.crypto.keys import keyring
from adherents.crypto.rotation import RotationStats, rotate_everything

NAMED_AT_MOST = 20


class Command(BaseCommand):
    help = (
        "Seal everything under the first key of ADHERENTS_MASTER_KEY, while the portal serves: document keys, encrypted "
        "columns, keyed hashes. Says what remains under another, and exits 1 then. Can be stopped and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        screen = Console(stderr=True) if sys.stderr.isatty() else None
        looked_at = 0

        def on_batch(name: str, batch: RotationStats) -> None:
            nonlocal looked_at
            looked_at += batch.seen
            if screen:
                screen.print(f"{name}: {looked_at} row(s)", end="\r")

        left = 0
        for name, turned in rotate_everything(on_batch).items():
            self.stdout.write(f"{turned.changed:>9} of {turned.seen} {name}")
            left += turned.late + len(turned.closed)
            for closed in turned.closed[:NAMED_AT_MOST]:
                self.stdout.write(f"          {closed} does not open")
            if turned.late:
                self.stdout.write(f"          {turned.late} changed too often meanwhile")
        if left:
            raise CommandError(
                f"{left} row(s) are not under the first key, or do not open: keep the others, and run this again"
            )
        self.stdout.write(f"Everything is under the first key, {keyring().primary.id.hex()}.")
        if len(keyring().keys) > 1:
            self.stdout.write("Once every process has been started with it first, the others can be removed.")
