from typing import Any

from django.core.management.base import BaseCommand

from adherents.members.services.search_keys import rebuild


class Command(BaseCommand):
    help = (
        "Work out again what members and beneficiaries are found by: once after an upgrade that says so. "
        "The portal may serve meanwhile; it can be stopped and begun again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        looked = changed = 0
        for some, written in rebuild():
            looked, changed = looked + some, changed + written
        self.stdout.write(f"{looked} person(s) looked at, {changed} changed")
