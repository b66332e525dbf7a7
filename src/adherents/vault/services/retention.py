"""How long a document is kept: a number of months after it was treated, which the profile gives for each kind."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from adherents.insurer.profile import profile
from adherents.storage.services import write_erasures
from adherents.vault.models import Document, DocumentQuerySet, State
from adherents.vault.origins import WITH_MESSAGE, Erased
from adherents.vault.services.erasing import erase

# Answered or set aside: no agent will treat it any more. `state_at` says since when; the insurer's own begin so.
# So is what was filed with another member: its copy is treated there.
_ANSWERED = (
    Q(state__in=[State.ACCEPTED, State.REFUSED, State.INCOMPLETE])
    | ~Q(set_aside="")
    | Q(relocated_at__isnull=False)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of document, the months that it is kept, and the moment before which it must have been treated."""

    kind: str
    months: int
    before: datetime

    def over(self) -> DocumentQuerySet:
        """The documents that were kept long enough. What was split or joined goes after what was made of it."""
        return self._kept().filter(_ANSWERED, state_at__lt=self.before, split_at=None, joined_at=None)

    def waiting(self) -> int:
        """How many are older than that and were never treated: an agent must look at them; they are not destroyed."""
        return (
            self._kept().filter(at__lt=self.before, split_at=None, joined_at=None).exclude(_ANSWERED).count()
        )

    def _kept(self) -> DocumentQuerySet:
        return _by_kind().filter(kind=self.kind)


def rules() -> list[Rule]:
    """One rule for each kind of the profile, and one for each kind that it no longer has: that one takes the longest time."""
    kinds = {kind.code: kind.retention_months for kind in profile().documents.kinds}
    longest = max(kinds.values())
    stored = _by_kind().order_by().values_list("kind", flat=True).distinct()
    months = kinds | {kind: longest for kind in stored if kind not in kinds}
    now = timezone.localtime()
    return [Rule(kind, count, months_before(now, count)) for kind, count in months.items()]


def split_over() -> DocumentQuerySet:
    """What was split and whose parts are all destroyed: it was kept for them alone."""
    parts = Document.objects.filter(part_of__isnull=False)
    split = _by_kind().filter(pk__in=parts.values("part_of"))  # by their index: they are few
    over: DocumentQuerySet = split.filter(~Exists(parts.kept().filter(part_of=OuterRef("pk"))))
    return over


def joined_over() -> DocumentQuerySet:
    """What was joined, and what was made of it is destroyed: it was kept for that alone."""
    joined = _by_kind().filter(joined_into__isnull=False)  # by their index: they are few
    over: DocumentQuerySet = joined.filter(joined_into__erased_at__isnull=False)
    return over


def destroy(rule: Rule, limit: int) -> int:
    """Erase up to `limit` documents that were kept long enough; how many."""
    return _destroy(rule.over(), limit)


def destroy_split(limit: int) -> int:
    """Erase up to `limit` originals that were split, once all of their parts are; how many."""
    return _destroy(split_over(), limit)


def destroy_joined(limit: int) -> int:
    """Erase up to `limit` documents that were joined, once what was made of them is; how many."""
    return _destroy(joined_over(), limit)


def _destroy(over: DocumentQuerySet, limit: int) -> int:
    some = list(over.order_by("state_at", "pk").values_list("pk", flat=True)[:limit])
    for document_id in some:
        erase(document_id=document_id, because=Erased.RETENTION)
    write_erasures()
    return len(some)


def _by_kind() -> DocumentQuerySet:
    """What comes or goes with a message is kept as long as its message, and goes with it."""
    return Document.objects.kept().exclude(origin__in=WITH_MESSAGE)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day, `months` months earlier, or that month's last day."""
    count = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(count, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
