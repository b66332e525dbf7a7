import logging
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from adherents.mail.bounces import Reading
from adherents.mail.delivery_reports import LONGEST
from adherents.mail.services import read_bounce

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the message, and gives it again later
WORDS = {
    Reading.NOTED: "addresses that are none",
    Reading.KNOWN: "about mails that had come back before",
    Reading.NOT_FOR_GOOD: "that waiting may mend, or that say nothing of the address",
    Reading.ANOTHER_ADDRESS: "about another address than the mail's",
    Reading.NO_MAIL: "about mails that were purged",
    Reading.UNPROVEN: "without a genuine token",
    Reading.NO_REPORT: "that are no delivery reports",
}
LEFT = {Reading.UNPROVEN, Reading.NO_REPORT}  # in a Maildir, for a person to read
log = logging.getLogger("adherents.mail")


class Command(BaseCommand):
    help = (
        "Read what came back to ADHERENTS_BOUNCE_ADDRESS: one message on the standard input, or a Maildir. Addresses that are "
        "none are listed at the desk."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--maildir",
            type=Path,
            metavar="DIR",
            help="read what is new there; delivery reports are deleted, the rest is kept as read",
        )
        parser.add_argument(
            "--to",
            default="",
            metavar="ADDRESS",
            help="where the message on the standard input was sent to (default: what its headers say)",
        )

    def handle(self, *args: Any, maildir: Path | None, to: str, **options: Any) -> None:
        try:
            if maildir is None:
                read = Counter([read_bounce(sys.stdin.buffer.read(LONGEST), sent_to=to)])
            else:
                read = self._maildir(maildir)
        except DatabaseError as error:
            log.error("bounces wait: the database does not answer", extra={"error": type(error).__name__})
            raise CommandError(
                "The database does not answer: nothing was lost, try again.", returncode=TRY_AGAIN
            ) from error
        for reading, count in sorted(read.items()):
            self.stdout.write(f"{count} {WORDS[reading]}")

    def _maildir(self, path: Path) -> Counter[Reading]:
        if not all((path / name).is_dir() for name in ("new", "cur")):
            raise CommandError(f"{path} is no Maildir: it has no folders « new » and « cur ».")
        read = Counter[Reading]()
        for file in sorted((path / "new").iterdir()):
            try:
                with file.open("rb") as message:
                    reading = read_bounce(message.read(LONGEST))
                if reading in LEFT:
                    file.rename(path / "cur" / f"{file.name}:2,S")
                else:
                    file.unlink()
            except FileNotFoundError:  # another program read it meanwhile
                continue
            read[reading] += 1
        return read
