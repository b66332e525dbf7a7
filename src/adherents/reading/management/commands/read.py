import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from adherents.inspection.file_type import PDF, PHOTOS, Glimpse, sniff
from adherents.reading.codes.trust import Worth
from adherents.reading.papers import NOTHING, ReadPaper
from adherents.reading.people import Named, WrongPeople, people_in
from adherents.reading.reader import NoEngine, read_file
from adherents.reading.text_layer import MOST_BYTES
from adherents.reading.text_layer.process import CannotBeRead, ReadingFailed


class Command(BaseCommand):
    help = (
        "Read papers (PDF, photos) and print a line of JSON for each: what kind of paper it is, and the values that prove "
        "themselves. Nothing is guessed: a value without a proof is not printed. Needs no database. Exits 1 where a file "
        "cannot be opened."
    )
    requires_system_checks: list[str] = []  # who tries it has papers, and no portal

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--persons",
            type=Path,
            metavar="FILE",
            help="the people whose papers these are, as lines of the member file or the beneficiaries' file (CSV, or JSON with "
            "the same columns): names and NIRs are compared with theirs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people = self._people(options["persons"])
        missing = 0
        for file in options["files"]:
            try:
                with file.open("rb") as opened:
                    data = opened.read(MOST_BYTES + 1)
            except OSError as error:
                missing += 1
                self.stderr.write(f"{file} cannot be read: {error.strerror}")
                continue
            self._tell(file, self._read(file, data, people))
        if missing:
            raise CommandError(f"{missing} of {len(options['files'])} files could not be read")

    def _people(self, file: Path | None) -> list[Named]:
        if file is None:
            return []
        try:
            return people_in(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except WrongPeople as error:
            raise CommandError(f"{file}: {error}") from error

    def _read(self, file: Path, data: bytes, people: list[Named]) -> ReadPaper:
        seen = Glimpse()
        seen.see(data)
        content_type = sniff(seen, accepted=PHOTOS | {PDF}, again=lambda: [data]).content_type
        if not content_type:
            self.stderr.write(f"{file}: nothing read: neither a whole PDF nor a photo")
            return NOTHING
        try:
            found = read_file(content_type, data, people, today=timezone.localdate())
        except NoEngine:
            self.stderr.write(f"{file}: nothing read: a picture, and the extra « pictures » is not installed")
            return NOTHING
        except (CannotBeRead, ReadingFailed) as error:
            self.stderr.write(f"{file}: nothing read: {error}")
            return NOTHING
        for code in found.codes:
            if code.worth != Worth.SIGNED:
                self.stderr.write(f"{file}: page {code.page}: a 2D-Doc that is not believed: {code.worth}")
        return found.paper

    def _tell(self, file: Path, paper: ReadPaper) -> None:
        fields = [
            {"code": one.code, "value": one.value, "page": one.page, "proofs": list(one.proofs)}
            for one in paper.fields
        ]
        line = {"file": str(file), "kind": paper.kind or None, "fields": fields}
        self.stdout.write(json.dumps(line, ensure_ascii=False))
