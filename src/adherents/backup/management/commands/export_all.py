from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adherents.backup.services.leaving import CannotExport, export_all
from adherents.storage.objects import StorageFailed
from adherents.ui.numbers import size

NOT_WHOLE = 3


class Command(BaseCommand):
    help = (
        "Write everything in DIR in open formats, in clear: a folder for each member with the original files, every table as "
        "JSON lines, the register as CSV, and SHA256SUMS. Stopped half-way, it goes on. Exits 3 where files do not open."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "dir", type=Path, metavar="DIR", help="made, empty, or an export that was stopped"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]

        def tell(step: str) -> None:
            if options["verbosity"]:
                self.stderr.write(step)

        try:
            done = export_all(folder, tell=tell)
        except CannotExport as error:
            raise CommandError(str(error)) from error
        except StorageFailed as error:
            raise CommandError(
                f"the storage does not answer ({error}): run this again, it goes on"
            ) from error
        self.stdout.write(f"{folder}: {done.members} member(s), {done.files} file(s), {size(done.octets)}")
        self.stdout.write("Everything in it is in clear: whoever reads this folder reads everything.")
        if done.left_out:
            raise CommandError(
                f"{len(done.left_out)} file(s) are not in it, as manifest.json says", returncode=NOT_WHOLE
            )
