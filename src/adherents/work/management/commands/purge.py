from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adherents.work.models import HeldWork
from adherents.work.purging import apply, due
from adherents.work.services import is_held


class Command(BaseCommand):
    help = (
        "What is kept for a time only and has had it: documents by kind, as the profile says, and old rows. "
        "Says what it would destroy; destroys it with --apply. The journal is never purged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="destroy it (otherwise only say what)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["apply"] and is_held(HeldWork.PURGE):
            raise CommandError(
                "This portal was restored: nothing is destroyed until an administrateur allows it, at /gestion/restauration/"
            )
        plan = due()
        for purge in plan:
            done = apply(purge) if options["apply"] and purge.count else purge.count
            self.stdout.write(f"{done:>9} {purge.name}: {purge.rule}")
        if not options["apply"]:
            self.stdout.write("Nothing was destroyed: run it again with --apply.")
