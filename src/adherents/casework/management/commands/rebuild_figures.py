from typing import Any

from django.core.management.base import BaseCommand

from adherents.desk.figures.sections import RECOUNTS


class Command(BaseCommand):
    help = "Count settled decisions and messages again, week by week, for the desk's figures. The portal may serve meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, recount in RECOUNTS.items():
            weeks = counted = 0
            for _monday, number in recount():
                weeks, counted = weeks + 1, counted + number
            self.stdout.write(f"{counted} {what} counted again in {weeks} week(s)")
