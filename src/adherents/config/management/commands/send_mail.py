from typing import Any

from django.core.management.base import BaseCommand

from adherents.work.services import run_until_nothing_is_left


class Command(BaseCommand):
    help = "Settle the requests that wait for a mail, and send every mail that is due (a running worker does it too)."

    def handle(self, *args: Any, **options: Any) -> None:
        run_until_nothing_is_left("reset requests", "identity claims")
        self.stdout.write(f"{run_until_nothing_is_left('mail')} mail(s)")
