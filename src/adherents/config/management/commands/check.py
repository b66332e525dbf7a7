from collections.abc import Callable
from typing import Any

from django.core import checks
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.check import Command as CheckCommand

from adherents.config.connecting import (
    cache,
    database,
    directory,
    documents,
    mail_server,
    sender_domain,
    standby,
    virus_scanner,
)
from adherents.config.connecting.remarks import Gravity, Remark, Remarks, fault, without_secrets
from adherents.database import reader
from adherents.insurer.profile import profile

ENGINE_FAULT, ENGINE_WARNING = 2, 3  # Django's own check ends with 1


class Command(CheckCommand):
    """Django's own; with `--connect`, each engine that the settings name is spoken to, and what is wrong is said in words."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--connect",
            action="store_true",
            help="also speak to database, documents' storage, cache, antivirus, mail server, DNS and who signs people in",
        )
        parser.add_argument(
            "--create-bucket",
            action="store_true",
            help="with --connect: make the bucket of the documents where there is none",
        )
        parser.add_argument(
            "--dkim-selector",
            action="append",
            default=[],
            metavar="NAME",
            help="with --connect: what the mail relay signs with (repeatable)",
        )

    def handle(self, *app_labels: Any, connect: bool = False, **options: Any) -> None:
        create, selectors = options.pop("create_bucket"), options.pop("dkim_selector")
        if not connect:
            super().handle(*app_labels, **options)
            return
        gravities = self._connect(create=create, selectors=selectors)
        super().handle(*app_labels, **options)  # raises where a setting is unsafe
        if Gravity.FAULT in gravities:
            raise CommandError("What is said above does not work yet.", returncode=ENGINE_FAULT)
        if Gravity.WARNING in gravities and getattr(checks, options["fail_level"]) <= checks.WARNING:
            raise CommandError("There are warnings above.", returncode=ENGINE_WARNING)

    def _connect(self, *, create: bool, selectors: list[str]) -> set[Gravity]:
        """Ask each engine, and write what it says as it comes. Returns how bad it all is."""
        engines: dict[str, Callable[[], Remarks]] = {
            "database": database.look,
            "keys": database.look_at_keys,
            **({"reader": standby.look} if reader.is_set() else {}),
            "storage": lambda: documents.look(create=create),
            "cache": cache.look,
            "antivirus": virus_scanner.look,
            "mail": mail_server.look,
            **({"directory": directory.look} if profile().agents.oidc else {}),
            **({"franceconnect": directory.look_at_franceconnect} if profile().franceconnect else {}),
            "dns": lambda: sender_domain.look(selectors=selectors),
        }
        gravities = set()
        for name, look in engines.items():
            for remark in _remarks(look):
                gravities.add(remark.gravity)
                self._write(name, remark)
        return gravities

    def _write(self, name: str, remark: Remark) -> None:
        words = f"{name}: {remark.gravity}: {without_secrets(remark.words)}"
        if remark.gravity == Gravity.FAULT:
            words = self.style.ERROR(words)
        elif remark.gravity == Gravity.WARNING:
            words = self.style.WARNING(words)
        self.stdout.write(words)
        if remark.hint:
            self.stdout.write(f"    {remark.hint}")


def _remarks(look: Callable[[], Remarks]) -> Remarks:
    """What nobody foresaw is said by its kind: its words may quote what it was given."""
    try:
        yield from look()
    except Exception as error:
        yield fault(f"it could not be asked ({type(error).__name__})")
