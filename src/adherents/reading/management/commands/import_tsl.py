from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from adherents.reading.codes.certificates import WrongCertificates
from adherents.reading.codes.trusted_list import WrongList
from adherents.reading.services.trusting import take_in


class Command(BaseCommand):
    help = (
        "Take in a newer list of the authorities whose 2D-Doc codes are believed (tsl_signed.xml of France Titres), with the "
        "certificates and the lists of revoked ones that they hand out. The list's signature is checked, and one that is older "
        "than the list in use is refused. Nothing is fetched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the list, as it is published")
        for option, words in (
            (
                "--certificates",
                "certificates of who signs codes: DER, PEM, or the file to which the list points",
            ),
            ("--revoked", "lists of revoked certificates (CRL) of its authorities: DER or PEM"),
            (
                "--signer",
                "the certificate that signed the list, where it comes from another authority than the portal knows",
            ),
        ):
            parser.add_argument(option, type=Path, nargs="+", default=[], metavar="FILE", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taken = take_in(
                options["file"].read_bytes(),
                certificates=[file.read_bytes() for file in options["certificates"]],
                revocations=[file.read_bytes() for file in options["revoked"]],
                signers=[file.read_bytes() for file in options["signer"]],
            )
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}") from error
        except (WrongList, WrongCertificates) as error:
            raise CommandError(f"not taken in: {error}") from error
        said = taken.said
        self.stdout.write(
            f"list {said.sequence} of {said.issued_on}, signed by {said.signer}: {len(said.authorities)} authorities, "
            f"{taken.certificates} certificates and {taken.revocations} lists of revoked ones besides those that are shipped"
        )
        if said.next_on is not None and said.next_on < timezone.localdate():
            self.stderr.write(f"a newer one was to come on {said.next_on}: look for it")
