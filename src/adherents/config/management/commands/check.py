from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.check import Command as CheckCommand

from adherents.portal.views.health import states


class Command(CheckCommand):
    """Django's own, and with `--connect` whether what the settings name is there and answers."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--connect", action="store_true", help="also ask what the settings name, as /pret/ does"
        )

    def handle(self, *app_labels: Any, connect: bool = False, **options: Any) -> None:
        super().handle(*app_labels, **options)
        if not connect:
            return
        answers_of = states()
        for name, answers in answers_of.items():
            self.stdout.write(f"{name}: {'ok' if answers else 'down'}")
        if not all(answers_of.values()):
            raise CommandError(
                "What the settings name is not there, or does not answer: the log above says why."
            )
