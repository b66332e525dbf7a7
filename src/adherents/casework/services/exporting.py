"""The queue leaves the portal as a file: who took it, and through which filters, is in the journal first."""

from collections.abc import Iterator

from django.db import transaction

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.casework.listing.selectors import Listed, csv_lines
from adherents.journal.events import Event
from adherents.journal.services import record

SUBJECT = "queue"


def export_queue(*, agent: Account, listed: Listed) -> Iterator[str]:
    """The lines of the file, each row read as it leaves. Raises `acts.ActRefused`."""
    through = {
        "kind": listed.filters.kind,
        "age": listed.filters.age,
        "place": listed.place,
        "agent": listed.agent.actor if listed.agent else "",
    }
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.EXPORT_QUEUE)
        told = {name: value for name, value in through.items() if value}
        record(Event.QUEUE_EXPORTED, subject=SUBJECT, actor=agent.actor, **told)
    return csv_lines(listed)
