"""Many members at once, as the insurer's system says them by the API: a line of JSON each, and an answer for each line."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.intake import apply as applying
from adherents.members.intake import last_files
from adherents.members.intake.compare import LineOutcome, Plan, RefusedRow, compare_rows
from adherents.members.intake.doubts import FEW
from adherents.members.intake.facts import RowReason
from adherents.members.intake.objects import MEMBER_OBJECT, rows_of
from adherents.members.intake.sheets import MEMBERS
from adherents.members.intake.staging import Staging
from adherents.members.models import Source
from adherents.members.services.import_files import GONE_PERCENT, SUBJECT
from adherents.members.services.one_person import PersonChanged

LINES_AT_MOST = 10_000
TURN_WITHIN = 15.0  # seconds: some other batches


class TooManyLines(Exception):
    """A batch has a bound, so that whatever else changes the register waits a second and no more. Nothing was changed."""

    message = _("Un lot a 10 000 lignes au plus.")


class TooManyOthersInBatch(Exception):
    """Too many lines would give a known number to another person: the lines may be shifted. Nothing was changed.

    A line that agrees by accident with the person of its number would else be applied, with another person's facts.
    """

    message = _("Trop de changements de personne : les lignes sont peut-être décalées. Rien n’a été changé.")


class LineAnswer(NamedTuple):
    """What became of one line. `reasons`: why it was refused, each with its field."""

    line: int
    number: str
    outcome: LineOutcome
    reasons: Sequence[RowReason] = ()


def put_members(
    *, lines: Iterable[bytes], dry: bool = False, actor: str, source: Source = Source.API
) -> list[LineAnswer]:
    """Name many members, or with `dry` say what naming them would do. Nobody is ended, so nothing is made of who is not named.

    All accepted lines are applied in one transaction; a refused line stops no other. Raises `TooManyLines`,
    `TooManyOthersInBatch` and `RegisterBusy`.
    """
    answers: list[LineAnswer] = []

    def refuse(refused: RefusedRow) -> None:
        outcome = LineOutcome.OTHER_PERSON if refused.is_other_person else LineOutcome.REFUSED
        reasons = MEMBER_OBJECT.in_its_words(refused.reasons)
        if refused.is_other_person:  # what the file's import says then is for who runs it
            reasons = [RowReason("", PersonChanged.message)]
        answers.append(LineAnswer(refused.line, refused.key, outcome, reasons))

    with applying.roomy_cache(), transaction.atomic():
        if not dry:
            last_files.take_turn(within=TURN_WITHIN)
        with Staging(MEMBERS, source=source, is_brief=True) as staging:
            plan = compare_rows(
                rows_of(_bounded(lines), MEMBER_OBJECT),
                staging,
                on_refused=refuse,
                on_accepted=lambda line, key, outcome: answers.append(LineAnswer(line, key, outcome)),
            )
            _check_persons(plan)
            if not dry and not plan.empty:
                applying.write_members(plan, staging, actor=actor)
                _journal(actor, plan)
    return sorted(answers, key=attrgetter("line"))


def _bounded(lines: Iterable[bytes]) -> Iterable[bytes]:
    count = 0
    for line in lines:
        count += bool(line.strip())
        if count > LINES_AT_MOST:
            raise TooManyLines
        yield line


def _check_persons(plan: Plan) -> None:
    """The bound of an import, over those lines of the batch that name a number of the register."""
    known = plan.changed + plan.unchanged + plan.other_person
    if plan.other_person > FEW and 100 * plan.other_person > GONE_PERCENT * known:
        raise TooManyOthersInBatch


def _journal(actor: str, plan: Plan) -> None:
    record(
        Event.REGISTER_BATCH,
        subject=SUBJECT,
        actor=actor,
        new=plan.new,
        changed=plan.changed,
        unchanged=plan.unchanged,
        refused=plan.refused,
        other_person=plan.other_person,
    )
