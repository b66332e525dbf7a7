from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from adherents.backup.services.saving import COPY, REFERENCE, CannotSave, Saved, save
from adherents.storage.objects import StorageFailed
from adherents.ui.numbers import size

MISSING = 3


class Command(BaseCommand):
    help = (
        "Save the whole portal in DIR, while it serves: every row, the documents, the profile; never a key. "
        "Exits 3 where documents are missing from the storage (DIR is made all the same), 1 where nothing was saved."
    )
    requires_system_checks: list[str] = []  # what is unsafe here is one more reason to save it

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR", help="made, or empty")
        parser.add_argument(
            "--objects",
            choices=[COPY, REFERENCE],
            default=COPY,
            help="copy the sealed documents into DIR, or leave them where they are (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]
        quiet = options["verbosity"] == 0

        def tell(step: str) -> None:
            if not quiet:
                self.stderr.write(step)

        try:
            saved = save(folder, objects=options["objects"], tell=tell)
        except CannotSave as error:
            raise CommandError(str(error)) from error
        except StorageFailed as error:
            raise CommandError(
                f"the storage does not answer ({error}): {folder} is no backup, delete it"
            ) from error
        self._say(folder, saved, options["objects"])
        if saved.missing:
            raise CommandError(
                f"{saved.missing} object(s) that rows own are missing from the storage: run adherents verify_vault",
                returncode=MISSING,
            )

    def _say(self, folder: Path, saved: Saved, objects: str) -> None:
        manifest = saved.manifest
        weight = sum(file["size"] for file in manifest.files.values()) + manifest.object_bytes
        self.stdout.write(
            f"{folder}: {manifest.row_count} row(s), {manifest.object_count} object(s), {size(weight)}, "
            f"as the portal was at {manifest.created_at.isoformat(timespec='seconds')}"
        )
        if manifest.erased_meanwhile:
            self.stdout.write(
                f"{manifest.erased_meanwhile} object(s) were erased meanwhile: they are not in it."
            )
        if objects == REFERENCE:
            self.stdout.write(
                f"The documents are not in it: they stay in {manifest.storage}. Nothing holds them there for this backup: "
                "a document that is erased is erased for it too."
            )
        self.stdout.write(
            f"It may be kept until {manifest.keep_until:%Y-%m-%d}: destroy it then, it holds what was erased since."
        )
        self.stdout.write(
            f"It opens with the master key {manifest.master_key} only, which is not in it: keep ADHERENTS_MASTER_KEY and "
            "ADHERENTS_SECRET_KEY elsewhere, as long as the backup."
        )
        if (Path(settings.DATA_DIR) / "master.key").exists():
            self.stdout.write(
                f"This portal made keys of its own, for a trial: they are what {settings.DATA_DIR}/master.key and secret.key say."
            )
