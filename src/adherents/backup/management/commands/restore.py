from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.module_loading import import_string

from adherents.backup.archive import NotABackup
from adherents.backup.services.restoring import Restored, restore
from adherents.backup.target import NotEmpty
from adherents.storage.objects import StorageFailed

NAMED_AT_MOST = 50
NOT_WHOLE = 3


class Command(BaseCommand):
    help = (
        "Put a saved portal back, in place of nothing: an empty data folder, an empty database. Needs ADHERENTS_MASTER_KEY "
        "and ADHERENTS_SECRET_KEY, and the addresses of the engines if there are any. Exits 3 where what was restored is "
        "not whole, and names it; 1 where nothing was. Stopped half-way, it is run again."
    )
    requires_system_checks: list[str] = []  # one of them refuses what this command has begun

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR", help="what `adherents backup` made")
        parser.add_argument(
            "--erasures",
            metavar="URL",
            help="the former storage (as ADHERENTS_STORAGE_URL), where it is still there and another one is used from now on: "
            "what was erased since the backup is read from it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def tell(step: str) -> None:
            if options["verbosity"]:
                self.stderr.write(step)

        try:
            done = restore(options["dir"], other_list=_storage(options["erasures"]), tell=tell)
        except (NotABackup, NotEmpty) as error:
            raise CommandError(str(error)) from error
        except StorageFailed as error:
            raise CommandError(f"the storage does not answer ({error}): run this again") from error
        self._say(done)
        if done.wrong:
            for sentence in done.wrong[:NAMED_AT_MOST]:
                self.stdout.write(sentence)
            raise CommandError(f"{len(done.wrong)} thing(s) are not whole", returncode=NOT_WHOLE)

    def _say(self, done: Restored) -> None:
        manifest = done.manifest
        lines = [
            f"Restored as it was at {manifest.created_at.isoformat(timespec='seconds')}: {done.rows} row(s), "
            f"{done.objects} object(s). Journal and vault are verified.",
            f"Ended: every session, {done.links} link(s) and letter(s). Erased again: {done.erased}.",
            f"Given up: {done.mails} mail(s) that bear a dead link.",
            "Held: the outbox, until adherents send_mail --release.",
            "Held: sweeps and purge, until an administrateur allows them at /gestion/restauration/ "
            f"({done.unowned} object(s) have no row).",
        ]
        if done.let_go:
            lines.append(
                f"{done.let_go} file(s) that waited, or page(s), were not there any more: let go, or drawn again."
            )
        if manifest.keep_until < timezone.localdate():
            lines.append(f"This backup was to be destroyed on {manifest.keep_until:%Y-%m-%d}.")
        for line in lines:
            self.stdout.write(line)


def _storage(url: str | None) -> Storage | None:
    """The storage at another address than the setting's."""
    if not url:
        return None
    backend, options = settings.ADHERENTS_STORAGE_AT(url)
    storage: Storage = import_string(backend)(**options)
    return storage
