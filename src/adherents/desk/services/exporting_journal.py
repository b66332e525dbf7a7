"""The journal leaves the portal as a file: who took it, and through which filters, is in the journal first."""

from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.desk.selectors.journal import csv_lines
from adherents.journal.events import Event
from adherents.journal.selectors import Wanted
from adherents.journal.services import record
from adherents.journal.subjects import SubjectKind, kind_of

SUBJECT = "journal"


def export_journal(*, agent: Account, wanted: Wanted, asked: dict[str, str]) -> Iterator[str]:
    """The lines of the file, as the journal was before the export. `asked`: the filters as the address names them, kept with
    the event. Raises `acts.ActRefused`.
    """
    now = timezone.now()
    subject = asked.get("subject", "")
    owner = subject if kind_of(subject) == SubjectKind.MEMBER and "," not in subject else ""
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.EXPORT_JOURNAL)
        record(Event.JOURNAL_EXPORTED, subject=SUBJECT, owner=owner, actor=agent.actor, **_told(asked))
    return csv_lines(replace(wanted, until=min(wanted.until or now, now)), reader=agent)


def _told(asked: dict[str, str]) -> dict[str, str]:
    names = {"event": "of", "actor": "by", "subject": "about", "since": "since", "until": "until"}
    return {names[name]: value for name, value in asked.items() if name in names and value}
