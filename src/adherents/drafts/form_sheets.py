"""The words of one form on one page: what the view begins it with, and what the page needs to keep them."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from adherents.accounts.decorators import account_of
from adherents.drafts.kinds import DraftKind
from adherents.drafts.models import Draft, Words
from adherents.drafts.places import DraftPlace
from adherents.drafts.services import done

FIELD = "brouillon"  # in the form: the sealed place


class Sheet:
    """A template includes `drafts/kept.html` inside the form, with this as `draft`. One query, on a fresh page only."""

    def __init__(
        self, request: HttpRequest, kind: DraftKind, *fields: str, about: str = "", page: str | None = None
    ) -> None:
        account = account_of(request)
        self.place = DraftPlace.new(
            account=account.pk, kind=kind, about=about, page=page or request.get_full_path(), fields=fields
        )
        is_fresh = request.method in {"GET", "HEAD"}
        self._row = Draft.objects.kept(account_id=account.pk, kind=kind, about=about) if is_fresh else None
        self.words: Words = self._row.readable_words if self._row else {}

    def begin(self, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
        """The form's first words: those that are kept, and `otherwise` where none are."""
        return {**(otherwise or {}), **self.words}

    def done(self) -> None:
        """Forget the words: a service of a room that knows nothing of drafts has sent them."""
        done(self.place.about, account_id=self.place.account, kind=DraftKind(self.place.kind))

    @property
    def token(self) -> str:
        return self.place.seal()

    @property
    def kept_at(self) -> datetime | None:
        return self._row.kept_at if self._row and self.words else None

    @property
    def unsent_at(self) -> datetime | None:
        """When these words were posted after the session's end."""
        return self._row.unsent_at if self._row and self.words else None

    @property
    def files_left(self) -> bool:
        return bool(self._row and self._row.files_left)
