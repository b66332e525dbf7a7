import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from adherents.storage.objects import StorageFailed
from adherents.vault.services.verification import Finding, Pace, Verified, to_verify, verify_everything

MEGABYTE = 1_000_000
STORAGE_AWAY = 2


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1
    if pace < 0:
        raise ArgumentTypeError("megabytes a second, such as 20; 0 for no limit")
    return pace


class Command(BaseCommand):
    help = (
        "Read every document and page image back to its last byte, and look for objects that no row owns. "
        "Names what is cut, swapped, altered or missing, and exits 1 then; 2 when the storage does not answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--pace",
            type=_pace,
            default=20.0,
            metavar="MB/s",
            help="how much to read a second, so that the portal keeps the disk (default: %(default)s; 0: no limit)",
        )

    def handle(self, *args: Any, pace: float, **options: Any) -> None:
        wrong = 0

        def tell(finding: Finding) -> None:
            nonlocal wrong
            wrong += 1
            self.stdout.write(str(finding))

        seen = Verified()
        read = verify_everything(pace=Pace(pace * MEGABYTE or None), seen=seen, on_finding=tell)
        try:
            self._follow(read, seen)
        except StorageFailed as error:
            raise CommandError(
                f"the storage does not answer, {seen.files} file(s) were read", returncode=STORAGE_AWAY
            ) from error
        summary = f"{seen.files} file(s), {seen.octets} bytes, {seen.objects} object(s)"
        if wrong:
            raise CommandError(f"{summary}: {wrong} thing(s) wrong")
        self.stdout.write(f"{summary}: everything is whole")

    def _follow(self, read: Any, seen: Verified) -> None:
        if not sys.stderr.isatty():
            for _ in read:
                pass
            return
        _, octets = to_verify()
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("vault", total=octets)
            for _ in read:
                bar.update(task, completed=seen.octets)
