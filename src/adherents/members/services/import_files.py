"""The insurer's files become the register (see docs/integrating.md)."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.intake import apply as applying
from adherents.members.intake import last_files
from adherents.members.intake.compare import Owners, Plan, RefusedRow, compare
from adherents.members.intake.doubts import doubts_about
from adherents.members.intake.facts import number_in
from adherents.members.intake.sheets import BENEFICIARIES, MEMBERS
from adherents.members.intake.staging import ACCEPTED, NAMED_AGAIN, OTHER_PERSON, Staging
from adherents.members.models import Member, Source

SUBJECT = "register:members"
GONE_PERCENT = 20


class TooManyGone(Exception):
    """The file would end more people than was allowed: it may be cut. Nothing was changed.

    `report`: what the files say, where both were read to their ends.
    """

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message
        self.report: Report | None = None


class TooManyOthers(TooManyGone):
    """The file would give more numbers to other people than was allowed: its rows may be shifted. Nothing was changed."""


class RegisterChangedMeanwhile(Exception):
    """Another import was applied while this one read its files. Nothing was changed."""

    message = _lazy("Un autre import a été appliqué entre-temps : rien n’a été changé. Relancez celui-ci.")


@dataclass(frozen=True, slots=True)
class Report:
    """What the files say against the register, and whether that was applied.

    `needless`: the numbers and ranks that were let through for another person, and whose person does not change.
    """

    members: Plan
    beneficiaries: Plan | None
    applied: bool
    needless: list[str] = field(default_factory=list)

    @property
    def is_doubtful(self) -> bool:
        """Whether a file may be cut: such a file ends no member."""
        return bool(self.members.doubts or (self.beneficiaries and self.beneficiaries.doubts))


def import_files(
    *,
    members: Path,
    beneficiaries: Path | None = None,
    apply: bool = False,
    allow_gone: float = GONE_PERCENT,
    new_persons: Collection[str] = (),
    new_beneficiaries: Collection[str] = (),
    expect_rows: int | None = None,
    expect_beneficiaries: int | None = None,
    source: Source = Source.FILE,
    all_sources: bool = False,
    actor: str = "system",
    on_refused: Callable[[str, RefusedRow], None] = lambda sheet, refused: None,
    on_applied: Callable[[Report], None] = lambda report: None,
    progress: Callable[[str, int, int], None] = lambda sheet, done, size: None,
) -> Report:
    """Compare the files with the register; with `apply`, bring the register up to them in one transaction.

    `on_refused` is called with each refused line; a refused line stops nothing else. `allow_gone`: the share of the register, in
    percent, that may be ended by one import, and the share whose number may come with another person. `new_persons`: the
    numbers that may; `new_beneficiaries`: the number/rank. `expect_rows`: how many lines the files are known to have.
    Only people whom `source` named last are ended; with `all_sources`, those whom another source named too.
    `on_applied` is given the report in the transaction that applies it, so that a mail about it is posted with it.
    Raises `read.UnusableFile`, `TooManyGone`, `TooManyOthers` and `RegisterChangedMeanwhile`, with nothing changed.
    """
    imports = last_files.imports_so_far()
    numbers = {number_in(text) or text for text in new_persons}
    keys = {_key(text) for text in new_beneficiaries}
    with ExitStack() as stack:
        people = stack.enter_context(Staging(MEMBERS, source=source, all_sources=all_sources))
        plan = compare(
            members,
            people,
            on_refused=lambda refused: on_refused(MEMBERS.name, refused),
            progress=lambda done, size: progress(MEMBERS.name, done, size),
            let_through=numbers,
        )
        applying.count(plan, people)
        plan.doubts = doubts_about(plan, people, expected=expect_rows)
        covered, covered_plan = None, None
        if beneficiaries is not None:
            covered = stack.enter_context(Staging(BENEFICIARIES, source=source, all_sources=all_sources))
            covered_plan = compare(
                beneficiaries,
                covered,
                on_refused=lambda refused: on_refused(BENEFICIARIES.name, refused),
                progress=lambda done, size: progress(BENEFICIARIES.name, done, size),
                owners=lambda numbers: _owners(people, numbers, is_whole=not plan.doubts),
                let_through=keys,
                fresh=plan.given,
            )
            applying.count(covered_plan, covered)
            covered_plan.doubts = doubts_about(covered_plan, covered, expected=expect_beneficiaries)
        needless = sorted(numbers - plan.given) + sorted(
            keys - (covered_plan.given if covered_plan else set())
        )
        report = Report(plan, covered_plan, False, needless)
        if not apply:
            return report
        with _told_in(report):
            _check_bounds(plan, allow_gone)
            if covered_plan is not None:
                _check_bounds(covered_plan, allow_gone)
        with _told_in(report), applying.roomy_cache(), transaction.atomic():
            if not last_files.hold(imports):
                raise RegisterChangedMeanwhile
            applying.write_members(plan, people, actor=actor)
            plan.gone = applying.end_absent_members(plan, people)
            _refuse_too_many(plan, allow_gone)
            if not plan.doubts:
                last_files.remember(plan, people)
            if covered is not None and covered_plan is not None:
                applying.write_beneficiaries(covered_plan, covered, people=people, actor=actor)
                covered_plan.gone = applying.end_absent_beneficiaries(covered_plan, covered)
                if not covered_plan.doubts:
                    last_files.remember(covered_plan, covered)
            _journal(actor, plan, covered_plan)
            report = replace(report, applied=True)
            on_applied(report)
    return report


@contextmanager
def _told_in(report: Report) -> Iterator[None]:
    """What passes the bounds is raised with the counts that pass them."""
    try:
        yield
    except TooManyGone as error:
        error.report = report
        raise


def _key(text: str) -> str:
    """A number/rank as the register writes it."""
    number, _slash, rank = text.rpartition("/")
    return f"{number_in(number) or number}/{rank.strip().lstrip('0')}"


def _owners(people: Staging, numbers: set[str], *, is_whole: bool) -> Owners:
    """Members that the file names, except those that a refused line keeps out of the register.

    A file that may be cut does not say who is no member.
    """
    standings = people.standings(list(numbers))
    accepted = {number for number, standing in standings.items() if standing in {ACCEPTED, NAMED_AGAIN}}
    other_person = {number for number, standing in standings.items() if standing == OTHER_PERSON}
    unsure = [number for number in numbers - accepted - other_person if number in standings or not is_whole]
    if unsure:
        known = Member.objects.filter(number__in=unsure, gone_at__isnull=True)
        accepted.update(known.values_list("number", flat=True))
    return Owners(accepted, other_person)


def _check_bounds(plan: Plan, allow_gone: float) -> None:
    _refuse_too_many(plan, allow_gone)
    if plan.changes_of_person and plan.other_person_percent > allow_gone:
        raise TooManyOthers(
            _(
                "Changements de personne : %(others)d numéros pour %(present)d personnes, soit plus de %(allowed)g %% : "
                "les lignes du fichier sont peut-être décalées, rien n’a été changé. Si c’est voulu, relancez avec "
                "--allow-gone %(needed)d."
            )
            % {
                "others": plan.changes_of_person,
                "present": plan.present,
                "allowed": allow_gone,
                "needed": int(plan.other_person_percent) + 1,
            }
        )


def _refuse_too_many(plan: Plan, allow_gone: float) -> None:
    if plan.gone and plan.gone_percent > allow_gone:
        raise TooManyGone(
            _(
                "Absents du fichier : %(gone)d personnes sur %(present)d, soit plus de %(allowed)g %% : "
                "rien n’a été changé. Si c’est voulu, relancez avec --allow-gone %(needed)d."
            )
            % {
                "gone": plan.gone,
                "present": plan.own,
                "allowed": allow_gone,
                "needed": min(100, int(plan.gone_percent) + 1),
            }
        )


def _journal(actor: str, plan: Plan, covered: Plan | None) -> None:
    counts: dict[str, Any] = {
        "new": plan.new,
        "changed": plan.changed,
        "gone": plan.gone,
        "refused": plan.refused,
        "other_person": plan.other_person,
        "given": len(plan.given),
        "doubts": len(plan.doubts),
    }
    if covered is not None:
        counts |= {
            "beneficiaries_new": covered.new,
            "beneficiaries_changed": covered.changed,
            "beneficiaries_gone": covered.gone,
            "beneficiaries_refused": covered.refused,
            "beneficiaries_other_person": covered.other_person,
            "beneficiaries_given": len(covered.given),
            "beneficiaries_doubts": len(covered.doubts),
        }
    record(Event.REGISTER_IMPORTED, subject=SUBJECT, actor=actor, **counts)
