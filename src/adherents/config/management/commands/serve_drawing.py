from django.core.management.base import BaseCommand

from adherents.config import drawing_service


class Command(BaseCommand):
    """Here for `adherents help`: `adherents serve_drawing` itself starts before any setting is read (`config/command.py`)."""

    help = drawing_service.HELP

    def run_from_argv(self, argv: list[str]) -> None:
        drawing_service.main(argv[2:])
