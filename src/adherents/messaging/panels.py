from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.desk.figures.sections import add_figures
from adherents.desk.panels import DeskEntry, add_to_menu, document_panel, panel
from adherents.members.models import Member
from adherents.messaging.figures.selectors import SOURCE
from adherents.messaging.models import Thread
from adherents.messaging.selectors import of_member, to_answer
from adherents.vault.models import Document
from adherents.vault.origins import BY_MESSAGE

add_to_menu(
    DeskEntry(
        Act.MESSAGES,
        "messaging:threads",
        _("Messages"),
        rank=30,
        key="i",
        key_opens=_("messages"),
        count=to_answer,
        counted=_("à répondre"),
    )
)

add_figures(SOURCE)


@panel(Act.MESSAGES, "messaging/agent/panel.html", key="M", key_does=_("écrire à l’adhérent"))
def threads(member: Member) -> list[Thread]:
    """A member's latest threads, and the way to write first."""
    return of_member(member)


@document_panel(Act.MESSAGES, "messaging/agent/came_with.html", rank=30)
def came_with(document: Document, agent: Account) -> Thread | None:
    """The conversation that a document came or went with."""
    if not document.came_with_message and document.channel != BY_MESSAGE:
        return None
    return Thread.objects.filter(messages__attachments__document=document.pk).first()
