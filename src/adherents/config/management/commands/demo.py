import os
import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from adherents.config import environment
from adherents.config.demo.ports import smtp_port

# The demonstration has its own of each, so that it can never reach the data of an installation.
ITS_OWN = ("DATABASE_URL", "STORAGE_URL", "CACHE_URL", "EMAIL_URL", "ANTIVIRUS_URL", "PROXIES")


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
        except ImportError as error:
            raise CommandError(
                f"La démonstration demande les outils de développement (il manque {error.name}) : lancez make setup."
            ) from error
        os.execve(  # noqa: S606
            sys.executable,
            [sys.executable, "-m", "adherents.config.demo", str(port)],
            environment_of(port),
        )


def environment_of(port: int) -> dict[str, str]:
    """The environment of every process of the demonstration. Secrets, profile and data folder stay as they are given."""
    host = urlsplit(environment.base_url()).hostname
    ours = {
        "ADHERENTS_BASE_URL": f"http://{'localhost' if host == 'localhost' else '127.0.0.1'}:{port}",
        "ADHERENTS_EMAIL_URL": f"smtp://127.0.0.1:{smtp_port(port)}",
        "ADHERENTS_DATA_DIR": str(environment.data_dir()),
    }
    dropped = {f"ADHERENTS_{name}" for name in ITS_OWN}
    return {name: value for name, value in os.environ.items() if name not in dropped} | ours
