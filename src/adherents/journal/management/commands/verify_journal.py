from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adherents.journal.models import Entry
from adherents.journal.services import broken_chains


class Command(BaseCommand):
    help = "Prove that no journal entry was changed, removed or moved; name what was, and exit 1."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for sentence in broken_chains():
            broken += 1
            self.stdout.write(sentence)
        if broken:
            raise CommandError(f"{broken} broken chain(s)")
        self.stdout.write(f"{Entry.objects.count()} entries, every chain whole")
