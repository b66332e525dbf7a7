"""Whether this agent still works here and this document is still kept, looked at under lock: a page may be minutes old.

Locks are taken in one order: agents, the member, the document. Suspending an agent, taking a document back and deciding it
wait for what is written meanwhile, or are seen.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.database.transactions import needs_transaction
from adherents.vault.models import Document


class NotesRefused(Exception):
    """Why this cannot be done, in words for the agent. `field`: the field of the form to correct."""

    message: str | Promise = _("Vous n’avez plus accès à cette page.")
    field = ""


class DocumentGone(NotesRefused):
    message = _("Ce document n’est plus là : il a été repris ou effacé.")


@needs_transaction
def lock_agent(agent: Account, *others: Account) -> list[Account]:
    """The agent who acts, as they are now, and those of the others who read notes; locked in the caller's transaction.

    Raises `NotesRefused`: the agent does not.
    """
    wanted = {account.pk for account in (agent, *others)}
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    at_work = {row.pk: row for row in rows if _reads_notes(row)}
    if agent.pk not in at_work:
        raise NotesRefused
    return [at_work.pop(agent.pk), *at_work.values()]


@needs_transaction
def lock_document(document: Document) -> Document:
    """Its row as it is now, locked in the caller's transaction. Raises `DocumentGone`."""
    rows = Document.objects.kept().select_for_update(no_key=True).defer("wrapped_key")
    row: Document | None = rows.filter(pk=document.pk, member=document.member_id).first()
    if row is None:
        raise DocumentGone
    return row


def _reads_notes(account: Account) -> bool:
    """An agent who is at work and reads documents: a conseiller, a responsable, a médecin-conseil who has such an account."""
    return account.role in TABLE[Act.NOTES] and account.closed_at is None
