from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import translation

from adherents.ui.numbers import size
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts import signing
from adherents.vault.receipts.keys import NoKey, read_pem
from adherents.vault.receipts.services import Checked
from adherents.vault.receipts.verdict import MOST_BYTES, ProvesNothing, ReceiptFault, ReceiptVerdict

NO_RECEIPT, UNKNOWN_KEY, NOT_CHECKED, PAGES_NOT_OURS = 1, 2, 3, 4
SENTENCES = {
    ReceiptFault.TOO_LARGE: "not a receipt: it is larger than 1 MB",
    ReceiptFault.NOT_A_RECEIPT: "not a receipt",
    ReceiptFault.NOTHING_INSIDE: "this PDF holds no signed receipt: take it as it was downloaded, not printed or scanned",
    ReceiptFault.ALTERED: "ALTERED: it is not what was signed, and proves nothing",
    ReceiptFault.UNKNOWN_KEY: "UNKNOWN KEY: none of these keys signed it",
}


class Command(BaseCommand):
    help = (
        "Say whether a receipt (PDF or JSON) is authentic, and what it says. Exits 0 when it is, 4 when a PDF carries an "
        "authentic receipt and its pages are not ours, 1 when it is altered or no receipt, 2 when its key is unknown, 3 when "
        "nothing could be checked."
    )
    requires_system_checks: list[str] = []  # an auditor has the file and a key, and no portal

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--key",
            type=Path,
            metavar="FILE",
            help="the public keys in PEM (cle.pem); without it, those of this portal's database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        data = self._read(file)
        try:
            checked = receipts.check_against(data, self._keys(options["key"]))
        except ProvesNothing as error:
            code = UNKNOWN_KEY if error.fault == ReceiptFault.UNKNOWN_KEY else NO_RECEIPT
            raise CommandError(f"{file.name}: {SENTENCES[error.fault]}", returncode=code) from error
        with translation.override("en"):
            self._tell(file, checked)
        if checked.verdict == ReceiptVerdict.PAGES_NOT_OURS:
            raise CommandError(f"{file.name}: its pages are not ours", returncode=PAGES_NOT_OURS)

    def _keys(self, given: Path | None) -> dict[str, bytes]:
        if given is not None:
            try:
                return read_pem(self._read(given))
            except NoKey as error:
                raise CommandError(
                    f"{given}: no Ed25519 public key in PEM in this file", returncode=NOT_CHECKED
                ) from error
        try:
            return signing.public_keys()
        except DatabaseError as error:
            raise CommandError(
                f"the database does not answer ({error}); give the public keys with --key cle.pem",
                returncode=NOT_CHECKED,
            ) from error

    def _read(self, file: Path) -> bytes:
        try:
            with file.open("rb") as opened:
                return opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}", returncode=NOT_CHECKED) from error

    def _tell(self, file: Path, checked: Checked) -> None:
        statement = checked.statement
        if checked.verdict == ReceiptVerdict.AUTHENTIC:
            self.stdout.write(f"{file.name}: authentic, signed by the key {statement.key_id}")
        else:
            self.stdout.write(
                f"{file.name}: PAGES NOT OURS: what this PDF shows is not what this portal draws today (changed by hand, or "
                "another profile or version). Believe none of its pages. What is attached to it, signed by the key "
                f"{statement.key_id}, says this and no more:"
            )
        self.stdout.write(f"  number     {statement.number}")
        self.stdout.write(f"  deposited  {statement.deposited_at.isoformat()}")
        self.stdout.write(f"  insurer    {statement.insurer}")
        self.stdout.write(f"  member     {statement.member_number}")
        for stated in statement.files:
            self.stdout.write(f"  {stated.sha256}  {size(stated.size)}  {stated.kind}  {stated.name}")
