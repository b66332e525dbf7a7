import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adherents.config import environment


class Command(BaseCommand):
    help = "Serve a portal to try: SQLite, a folder, a worker, a mail catcher, fifty invented members."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        if environment.is_production():
            raise CommandError(
                "La démonstration ne sert que sur cette machine : ADHERENTS_BASE_URL désigne "
                f"{environment.base_url()}. Enlevez cette variable."
            )
        try:
            import aiosmtpd  # noqa: F401
            import reportlab  # type: ignore[import-untyped]  # noqa: F401
            import time_machine  # noqa: F401

            import_module("adherents.demo")  # it is no part of what an insurer installs
        except ImportError as error:
            raise CommandError(
                f"La démonstration demande les outils de développement (il manque {error.name}) : lancez make setup."
            ) from error
        command = [sys.executable, "-m", "adherents.demo", str(port)]
        os.execv(sys.executable, command)  # noqa: S606
