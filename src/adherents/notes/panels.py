from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.desk.panels import DeskEntry, add_to_menu, document_panel, panel
from adherents.members.models import Member
from adherents.notes import selectors
from adherents.notes.models import Note
from adherents.vault.models import Document

add_to_menu(
    DeskEntry(
        Act.NOTES,
        "notes:opinions",
        _("Avis"),
        rank=35,
        key="v",
        key_opens=_("avis demandés"),
        count=selectors.expected,
        counted=_("à donner"),
    )
)


@document_panel(Act.NOTES, "notes/beside_document.html", rank=20, in_sight="notes/in_sight.html")
def beside(document: Document, agent: Account) -> selectors.Beside:
    """Notes on a document and on its member, opinions on it."""
    return selectors.beside(document)


@panel(Act.NOTES, "notes/of_member.html", on_record_only=True)
def of_member(member: Member) -> list[Note]:
    """A member's notes, and the way to write one."""
    return selectors.of_member(member)
