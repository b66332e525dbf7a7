"""What is written beside a batch, for who sent it: in words, without what the lines hold."""

from collections.abc import Iterable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.folder.models import BatchKind, FolderBatch
from adherents.members.intake import words
from adherents.members.intake.compare import Plan, RefusedRow
from adherents.ui.moments import moment

MOST_LINES = 1000
NAME = "rapport.txt"


def report(batch: FolderBatch, result: str, *, why: str = "", told: Sequence[str] = (), more: int = 0) -> str:
    """`told`: a sentence each; `more`: how many are not told."""
    lines = [
        _("Lot n° %(number)d : %(name)s (%(kind)s)")
        % {"number": batch.pk, "name": batch.name, "kind": BatchKind(batch.kind).label},
        _("Pris le %(moment)s.") % {"moment": moment(timezone.now())},
        "",
        result,
        *([why] if why else []),
        "",
        *told,
    ]
    if more:
        lines.append(_("… et %(count)d autres.") % {"count": more})
    return "\n".join(lines).rstrip() + "\n"


def in_words(title: str, plan: Plan) -> list[str]:
    """The counts of a register file, those that say something."""
    told = [f"  {number} {label}" for label, number in words.counts(plan) if number]
    doubts = [_("  Fichier douteux : %(doubt)s.") % {"doubt": doubt} for doubt in plan.doubts]
    return [f"{title} :", *(told or [_("  rien")]), *doubts]


class RefusedLines:
    """The first refused lines of the files, as they come."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more = 0

    def add(self, sheet: str, refused: RefusedRow) -> None:
        self._say(words.refused_line(sheet, refused))

    def say(self, file: str, line: int, key: str, reasons: Iterable[tuple[str, object]]) -> None:
        self._say(words.line_in_words(file, line, key, reasons))

    def _say(self, sentence: str) -> None:
        if len(self._told) < MOST_LINES:
            self._told.append(sentence)
        else:
            self._more += 1

    @property
    def told(self) -> list[str]:
        return self._told

    @property
    def more(self) -> int:
        return self._more
