"""What `api` asks for inside its portal (`inside`)."""

from typing import Any

from tests.api.exploring import Known
from tests.messaging.exchanges import asked
from tests.vault.conftest import deposited, pdf

from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client
from adherents.casework.services.entering import enter_checked
from adherents.journal.services import broken_chains
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services.rendition import draw_due


def prepare(documents: int) -> dict[str, Any]:
    """A client with every scope, and this number of documents of each member, checked and in the queue."""
    _client, key = create_client(name="coeur", scopes=list(Scope), calls_a_minute=10_000_000)
    members = list(Member.objects.exclude(account=None))
    threads = [asked(member) for member in members]
    for number in range(documents):
        for member in members:
            deposited(member, pdf(words=f"Page {number}"), f"{number}.pdf")
    while draw_due():
        pass
    while enter_checked():
        pass
    rows = Document.objects.select_related("deposit")
    return vars(
        Known(
            key=key,
            documents=[str(row.pk) for row in rows],
            threads=[str(thread.pk) for thread in threads],
            numbers=[member.number for member in members],
            receipts=[row.deposit.number for row in rows],
        )
    )


def wrong() -> list[str]:
    return list(broken_chains())


QUESTIONS = {"prepare": prepare, "wrong": wrong}
