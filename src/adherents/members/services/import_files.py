"""The insurer's files become the register (see docs/integrating.md)."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.intake import apply as applying
from adherents.members.intake.compare import Plan, Refused, compare
from adherents.members.intake.sheets import BENEFICIARIES, MEMBERS
from adherents.members.intake.staging import Staging
from adherents.members.models import Member

SUBJECT = "register:members"
GONE_PERCENT = 20


class TooManyGone(Exception):
    """The file would end more people than was allowed: it may be cut. Nothing was changed."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Report:
    """What the files say against the register, and whether that was applied."""

    members: Plan
    beneficiaries: Plan | None
    applied: bool


def import_files(
    *,
    members: Path,
    beneficiaries: Path | None = None,
    apply: bool = False,
    allow_gone: float = GONE_PERCENT,
    actor: str = "system",
    on_refused: Callable[[str, Refused], None] = lambda sheet, refused: None,
    progress: Callable[[str, int, int], None] = lambda sheet, done, size: None,
) -> Report:
    """Compare the files with the register; with `apply`, bring the register up to them in one transaction.

    Refused lines are told one by one to `on_refused` and stop nothing else. `allow_gone`: the share of the
    register, in percent, that may be ended by one import. Raises `read.UnusableFile` and `TooManyGone`, with
    nothing changed.
    """
    with ExitStack() as stack:
        people = stack.enter_context(Staging(MEMBERS))
        plan = compare(
            members,
            people,
            on_refused=lambda refused: on_refused(MEMBERS.name, refused),
            progress=lambda done, size: progress(MEMBERS.name, done, size),
        )
        applying.count(plan, people)
        covered, covered_plan = None, None
        if beneficiaries is not None:
            covered = stack.enter_context(Staging(BENEFICIARIES))
            covered_plan = compare(
                beneficiaries,
                covered,
                on_refused=lambda refused: on_refused(BENEFICIARIES.name, refused),
                progress=lambda done, size: progress(BENEFICIARIES.name, done, size),
                owners=lambda numbers: _may_have_beneficiaries(people, numbers),
            )
            applying.count(covered_plan, covered)
        if not apply:
            return Report(plan, covered_plan, applied=False)
        _refuse_too_many(plan, allow_gone)
        if covered_plan is not None:
            _refuse_too_many(covered_plan, allow_gone)
        with applying.roomy_cache(), transaction.atomic():
            plan.gone = applying.apply_members(plan, people)
            _refuse_too_many(plan, allow_gone)
            if covered is not None and covered_plan is not None:
                covered_plan.gone = applying.apply_beneficiaries(covered_plan, covered)
            _journal(actor, plan, covered_plan)
    return Report(plan, covered_plan, applied=True)


def _may_have_beneficiaries(people: Staging, numbers: set[str]) -> set[str]:
    """Members that the file names, but for those whom a refused line keeps out of the register."""
    accepted, refused = people.accepted(list(numbers))
    if refused:
        known = Member.objects.filter(number__in=refused, gone_at__isnull=True)
        accepted.update(known.values_list("number", flat=True))
    return accepted


def _refuse_too_many(plan: Plan, allow_gone: float) -> None:
    if plan.gone and plan.gone_percent > allow_gone:
        raise TooManyGone(
            _(
                "Absents du fichier : %(gone)d personnes sur %(present)d, soit plus de %(allowed)g %% : "
                "rien n’a été changé. Si c’est voulu, relancez avec --allow-gone %(needed)d."
            )
            % {
                "gone": plan.gone,
                "present": plan.present,
                "allowed": allow_gone,
                "needed": min(100, int(plan.gone_percent) + 1),
            }
        )


def _journal(actor: str, plan: Plan, covered: Plan | None) -> None:
    counts = {"new": plan.new, "changed": plan.changed, "gone": plan.gone, "refused": plan.refused}
    if covered is not None:
        counts |= {
            "beneficiaries_new": covered.new,
            "beneficiaries_changed": covered.changed,
            "beneficiaries_gone": covered.gone,
            "beneficiaries_refused": covered.refused,
        }
    record(Event.REGISTER_IMPORTED, subject=SUBJECT, actor=actor, **counts)
