"""`adherents import_members FILE [--beneficiaries FILE] [--apply]`: what the insurer's file would change,
then does.
"""

import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from adherents.members.intake.compare import Plan, RefusedRow
from adherents.members.intake.read import UnusableFile
from adherents.members.intake.words import counts, refused_line
from adherents.members.services.import_files import (
    GONE_PERCENT,
    RegisterChangedMeanwhile,
    Report,
    TooManyGone,
    import_files,
)
from adherents.members.services.import_report import (
    EXIT_CODES,
    CannotWriteReport,
    ImportOutcome,
    ImportReport,
    outcome_of,
)

# Beside those of `EXIT_CODES`: the report could not be begun, and nothing was changed; it could not be ended.
NO_REPORT, REPORT_LOST = 6, 7


def _percent(text: str) -> float:
    if not 0 <= (percent := float(text)) <= 100:  # « nan » is no bound
        raise ValueError(text)
    return percent


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(text) from error
    return text


class Command(BaseCommand):
    help = "Compare the insurer's member file with the register, and apply it with --apply."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the member file (CSV, UTF-8 or Windows-1252)")
        parser.add_argument("--beneficiaries", type=Path, metavar="FILE", help="the beneficiaries' file")
        parser.add_argument(
            "--apply", action="store_true", help="change the register (otherwise only say what would)"
        )
        parser.add_argument(
            "--allow-gone",
            type=_percent,
            default=GONE_PERCENT,
            metavar="PERCENT",
            help="how much of the register one import may end, or find under another person (default: %(default)s)",
        )
        parser.add_argument(
            "--new-person",
            action="append",
            default=[],
            metavar="NUMBER",
            help="this number is another person's now: the former one's account is shut and kept (repeatable)",
        )
        parser.add_argument(
            "--new-beneficiary",
            action="append",
            default=[],
            metavar="NUMBER/RANK",
            help="the same for a beneficiary's rank (repeatable)",
        )
        parser.add_argument(
            "--expect-rows",
            type=int,
            metavar="N",
            help="how many lines the member file has, its header apart: with as many it is not cut",
        )
        parser.add_argument(
            "--expect-beneficiaries", type=int, metavar="N", help="the same for the beneficiaries' file"
        )
        parser.add_argument(
            "--all-sources",
            action="store_true",
            help="end absent people whom the API or the exchange folder named last too",
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="write what was refused, the counts and how it ended to this file, in JSON",
        )
        parser.add_argument(
            "--mail-report",
            type=_address,
            action="append",
            default=[],
            metavar="ADDRESS",
            help="send the counts and the first refused lines there, without any member's number (repeatable)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        inputs = [path for path in (options["file"], options["beneficiaries"]) if path]
        try:
            written = ImportReport(
                file=options["report"],
                mail_to=options["mail_report"],
                inputs=inputs,
                allow_gone=options["allow_gone"],
            )
        except CannotWriteReport as error:
            raise _no_report(error) from error
        with written:
            report = self._import(written, options)
            outcome = outcome_of(report)
            if not report.applied:
                written.mail(outcome, report)
            self._tell(report)
            try:
                written.write(outcome, report)
            except CannotWriteReport as error:
                done = _("L’import a abouti, mais son rapport n’a pas pu être écrit : %(why)s")
                raise CommandError(done % {"why": error}, returncode=REPORT_LOST) from error
        if outcome == ImportOutcome.DOUBTFUL:
            raise CommandError(
                _("Le reste est appliqué, mais personne n’a été retiré d’après un fichier douteux."),
                returncode=EXIT_CODES[outcome],
            )

    def _import(self, written: ImportReport, options: dict[str, Any]) -> Report:
        """Do it. What stops it is told in the report and by mail too, and raised as `CommandError`, or as it came."""

        def refuse(sheet: str, refused: RefusedRow) -> None:
            self._tell_refused(sheet, refused)
            written.refuse(sheet, refused)

        with ProgressBars() as bars:
            try:
                return import_files(
                    members=options["file"],
                    beneficiaries=options["beneficiaries"],
                    apply=options["apply"],
                    allow_gone=options["allow_gone"],
                    new_persons=options["new_person"],
                    new_beneficiaries=options["new_beneficiary"],
                    expect_rows=options["expect_rows"],
                    expect_beneficiaries=options["expect_beneficiaries"],
                    all_sources=options["all_sources"],
                    on_refused=refuse,
                    on_applied=lambda report: written.mail(outcome_of(report), report),
                    progress=bars.advance,
                )
            except CannotWriteReport as error:
                raise _no_report(error) from error
            except UnusableFile as error:
                raise self._ended(written, ImportOutcome.UNUSABLE, str(error)) from error
            except TooManyGone as error:
                raise self._ended(
                    written, ImportOutcome.TOO_MANY, str(error.message), error.report
                ) from error
            except RegisterChangedMeanwhile as error:
                raise self._ended(written, ImportOutcome.CHANGED_MEANWHILE, str(error.message)) from error
            except Exception:
                with suppress(DatabaseError):  # it may be what failed
                    self._ended(written, ImportOutcome.FAILED, "")
                raise

    def _ended(
        self, written: ImportReport, outcome: ImportOutcome, message: str, report: Report | None = None
    ) -> CommandError:
        """Nothing was changed: say why in the report and by mail. The file comes first, as it needs no database."""
        try:
            written.write(outcome, report, message)
        except CannotWriteReport as error:
            self.stderr.write(str(error))
        written.mail(outcome, report, message)
        return CommandError(message, returncode=EXIT_CODES[outcome])

    def _tell(self, report: Report) -> None:
        self._tell_plan(_("Adhérents"), report.members)
        if report.beneficiaries is not None:
            self._tell_plan(_("Bénéficiaires"), report.beneficiaries)
        for key in report.needless:
            self.stdout.write(
                _("%(key)s : la personne n’y change pas dans ce fichier, il n’y avait rien à laisser passer.")
                % {"key": key}
            )
        if report.applied:
            self.stdout.write(_("Le registre est à jour."))
        else:
            self.stdout.write(_("Rien n’a été changé : relancez avec --apply pour appliquer."))

    def _tell_refused(self, sheet: str, refused: RefusedRow) -> None:
        self.stdout.write(refused_line(sheet, refused))

    def _tell_plan(self, title: str, plan: Plan) -> None:
        self.stdout.write(f"{title} :")
        for label, number in counts(plan):
            self.stdout.write(f"  {number:>9} {label}")
        if plan.all_sources:
            self.stdout.write(
                _("Toutes les sources (--all-sources) : les absents d’une autre source sont retirés aussi.")
            )
        for doubt in plan.doubts:
            self.stdout.write(
                _("Fichier douteux, personne n’est donc retiré : %(doubt)s.") % {"doubt": doubt}
            )
        if plan.unnumbered:
            self.stdout.write(
                _("Lignes sans numéro lisible : %(count)d. Personne n’est donc tenu pour absent.")
                % {"count": plan.unnumbered}
            )


def _no_report(error: CannotWriteReport) -> CommandError:
    words = _("Le rapport ne peut pas être écrit, rien n’a donc été changé : %(why)s")
    return CommandError(words % {"why": error}, returncode=NO_REPORT)


class ProgressBars:
    """One progress bar a file, on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
            )
            self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ProgressBars":
        if self.progress:
            self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.progress:
            self.progress.stop()

    def advance(self, sheet: str, done: int, size: int) -> None:
        """`done` bytes of `size` are read."""
        if self.progress is None:
            return
        if sheet not in self.tasks:
            title = _("Adhérents") if sheet == "member" else _("Bénéficiaires")
            self.tasks[sheet] = self.progress.add_task(title, total=size)
        self.progress.update(self.tasks[sheet], completed=done)
