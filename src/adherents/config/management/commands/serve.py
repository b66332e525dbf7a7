import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from adherents.config.checks import open_to_the_world


class Command(BaseCommand):
    help = (
        "Serve the portal with gunicorn. Production refuses to start while `adherents check` finds an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
        parser.add_argument(
            "--workers", type=int, default=0, help="processes (default: 1, or 2 with a shared cache)"
        )
        parser.add_argument("--threads", type=int, default=8, help="threads a process, for pages")

    def handle(self, *args: Any, bind: str, workers: int, threads: int, **options: Any) -> None:
        # Limits per address live in the cache: without a shared one, a second process would double them.
        workers = workers or (2 if settings.ADHERENTS_CACHE_URL else 1)
        if workers > 1 and not settings.ADHERENTS_CACHE_URL:
            raise CommandError(
                "Several processes need a shared cache: set ADHERENTS_CACHE_URL, or --workers 1."
            )
        if unsafe := open_to_the_world(bind):
            self.stderr.write(self.style.WARNING(f"(adherents.W011) {unsafe}"))
        call_command("collectstatic", interactive=False, verbosity=0)
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "adherents.config.wsgi:application",
            f"--bind={bind}",
            f"--workers={workers}",
            # It listens once it can serve: a proxy gives what comes before to another portal.
            "--preload",
            "--worker-class=adherents.config.serving.worker.PortalWorker",
            f"--threads={threads}",
            "--asgi-loop=asyncio",
            "--asgi-lifespan=off",
            "--timeout=120",
            "--graceful-timeout=30",
            "--keep-alive=5",
            "--limit-request-line=4094",
            "--log-level=warning",
            "--logger-class=adherents.config.server_log.ServerLog",
            "--no-control-socket",
        ]
        os.execv(sys.executable, command)  # noqa: S606
