"""Which documents are read: those whose checks are done. A sweep finds them, because the vault does not know this room."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from adherents.inspection.file_type import PDF
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.reading.models import PaperReading, ReadingOutcome
from adherents.reading.papers import KNOWN
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin

LATELY = timedelta(
    hours=1
)  # what each round looks at; older documents are read when `adherents read_stored` says so
A_ROUND = 200
OPEN = [State.CHECKED, State.IN_PROGRESS]


def ready_to_read(state: State) -> QuerySet[Document]:
    """Documents in this state whose checks are done and that have no reading yet.

    A text layer costs little, and says that a paper is another one than its member believed; so any PDF of one file is looked
    at. Pictures take seconds: only of the kinds that the reader knows, and where the member did not know.
    """
    costs_little = Q(content_type=PDF, photo_count=0)
    return Document.objects.filter(
        ~Exists(PaperReading.objects.filter(document=OuterRef("pk"))),
        costs_little | Q(kind__in=[*KNOWN, UNKNOWN_KIND]),
        state=state,
        origin=Origin.MEMBER,
        set_aside="",
        erased_at=None,
        split_at=None,
        joined_at=None,
        joined_count=0,
        relocated_at=None,
        checked_at__isnull=False,
    )


def enter_checked(*, since: datetime | None = None, limit: int = A_ROUND) -> int:
    """Each document whose checks are done is to be read once; how many were added.

    `since`: only those checked later; without it, also those that were there long before, which go behind the others.
    """
    done = 0
    for state in OPEN:
        # One state at a time: the index of what was checked lately is of one.
        ready = ready_to_read(state)
        if since is not None:
            ready = ready.filter(checked_at__gte=since)
        done += _enter(ready, limit - done, behind=since is None)
    return done


def enter_again(limit: int = A_ROUND) -> int:
    """Have documents read again whose reading did not end, behind the others, while a decision waits for them; how many."""
    failed = PaperReading.objects.filter(
        outcome=ReadingOutcome.FAILED,
        document__state__in=OPEN,
        document__erased_at=None,
        document__set_aside="",
    )
    keys = list(failed.order_by("pk").values_list("pk", flat=True)[:limit])
    return failed.filter(pk__in=keys).update(
        outcome=ReadingOutcome.WAITS,
        next_attempt_at=timezone.now(),
        attempts=0,
        failures=0,
        behind=True,
        at=timezone.now(),
    )


def _enter(ready: QuerySet[Document], limit: int, *, behind: bool) -> int:
    """How many were added. A round without any opens no transaction, which would take SQLite's one place to write."""
    if limit <= 0 or not ready.exists():
        return 0
    with transaction.atomic():
        locked = ready.order_by("checked_at", "pk").select_for_update(skip_locked=True, of=("self",))
        keys = list(locked.values_list("pk", flat=True)[:limit])
        # What another worker added between the look and the lock is seen only now.
        known = set(PaperReading.objects.filter(document__in=keys).values_list("document_id", flat=True))
        rows = [PaperReading(document_id=key, behind=behind) for key in keys if key not in known]
        PaperReading.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def enter_lately() -> int:
    """`enter_checked` for the documents that passed their checks just now."""
    return enter_checked(since=timezone.now() - LATELY)
