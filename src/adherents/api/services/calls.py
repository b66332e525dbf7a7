"""Every call of a client is in the journal, under the client's name."""

from django.db import transaction

from adherents.api.models import ApiClient
from adherents.journal.events import Event
from adherents.journal.services import record


def note_call(*, client: ApiClient, method: str, route: str, status: int, about: str = "") -> None:
    """Journal one call: its route, never its path, which may hold a number. `about`: an id that only the portal gives."""
    which = {"about": about} if about else {}
    with transaction.atomic():
        record(
            Event.CLIENT_CALLED,
            subject=client.subject,
            actor=client.subject,
            method=method,
            route=route,
            status=status,
            **which,
        )
