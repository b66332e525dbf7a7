"""Keeping what is being written, and forgetting it once it is sent, decided or of no use any more."""

from collections.abc import Collection
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.drafts.kinds import DraftKind
from adherents.drafts.models import Draft, Words
from adherents.drafts.places import DraftPlace

MOST_DRAFTS = 60  # an account; the oldest leaves, what was sent before what was not
LONGEST_FIELD = 8000  # characters; no form takes more
_NAME = ["account", "kind", "about"]
_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)  # a row without words yet: nothing is older


def keep(
    *,
    place: DraftPlace,
    words: Words,
    typed_at: datetime | None = None,
    refused: bool = False,
    files_left: bool = False,
    anew: bool = False,
) -> bool:
    """Keep these words for the account that the page was made for. False: they are older than what is kept or was sent.

    `typed_at`: given where they waited in the browser. `refused`: the form was posted and did not pass, so that its words
    are kept even after an earlier sending. `anew`: the page came back to the screen after its form was sent.
    """
    known = {name: words[name][:LONGEST_FIELD] for name in place.fields if words.get(name)}
    now = timezone.now()
    with transaction.atomic():
        if not Account.objects.filter(pk=place.account, closed_at=None).exists():
            return False
        name = {"account_id": place.account, "kind": place.kind, "about": place.about}
        Draft.objects.bulk_create([Draft(**name, kept_at=_BEFORE_ALL)], ignore_conflicts=True)
        row = Draft.objects.select_for_update().get(**name)
        is_late = row.done_at is not None and row.done_at.timestamp() >= place.at and not (refused or anew)
        is_older = typed_at is not None and row.done_at is None and row.kept_at > typed_at
        if is_late or is_older or (refused and not known):
            return False
        if row.done_at is not None:
            row.unsent_at, row.files_left = None, False
        row.words, row.kept_at, row.done_at = known, typed_at or now, None
        if refused:
            row.unsent_at, row.files_left = now, files_left
        row.save()
        _bound(place.account)
    return True


def _bound(account_id: int) -> None:
    own = Draft.objects.filter(account_id=account_id)
    too_many = own.count() - MOST_DRAFTS
    if too_many > 0:
        oldest = own.order_by(F("done_at").asc(nulls_last=True), "kept_at").values_list("pk", flat=True)[
            :too_many
        ]
        own.filter(pk__in=list(oldest)).delete()


def done(*abouts: str, account_id: int, kind: DraftKind) -> None:
    """Forget the words of this form about each of these subjects: it was sent. What its page still saves comes too late."""
    now = timezone.now()
    Draft.objects.bulk_create(
        [Draft(account_id=account_id, kind=kind, about=about, kept_at=now, done_at=now) for about in abouts],
        update_conflicts=True,
        unique_fields=_NAME,
        update_fields=["sealed", "kept_at", "done_at", "unsent_at", "files_left"],
    )


def put_back(*, account_id: int, kind: DraftKind, about: str, words: Words) -> None:
    """Bring the words back: their sending was undone before the member read it."""
    row = Draft(account_id=account_id, kind=kind, about=about)
    row.words = words
    Draft.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=_NAME, update_fields=["sealed", "kept_at", "done_at"]
    )


def forget(*, about: str, kinds: Collection[DraftKind], account_id: int | None = None) -> None:
    """Empty all drafts about it: it was decided, closed or erased. `account_id`: empty this account's drafts only."""
    theirs = Draft.objects.filter(about=about, kind__in=kinds)
    if account_id is not None:
        theirs = theirs.filter(account_id=account_id)
    theirs.filter(done_at=None).update(sealed=b"", done_at=timezone.now(), unsent_at=None, files_left=False)
