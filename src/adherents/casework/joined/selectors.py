"""What was joined, and what was made of it, for agents. Nothing is written."""

from dataclasses import dataclass

from adherents.accounts.models import Account
from adherents.casework.models import Item
from adherents.casework.selectors import nothing_decided
from adherents.vault.models import Document


@dataclass(frozen=True)
class Joined:
    """What was made of several documents, and these in their order. `may_be_separated`: by this agent, as far as it can be seen
    before.
    """

    made: Document
    sent: list[Document]
    may_be_separated: bool


def joined(document: Document, agent: Account) -> Joined | None:
    """For what was made and for each that it was made of; None for any other document, without a query."""
    if not document.joined_count and document.joined_into is None:
        return None
    made: Document = document.joined_into or document  # type: ignore[assignment]
    sent = made.joined_from.defer("wrapped_key").order_by("joined_rank")
    items = Item.objects.filter(document=made)
    return Joined(made, list(sent), nothing_decided(agent, list(items)))
