import uuid
from collections.abc import Sequence

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.casework import selectors
from adherents.casework.elsewhere.selectors import Elsewhere, elsewhere
from adherents.casework.joined.selectors import Joined, joined
from adherents.casework.models import HandOver, Item
from adherents.casework.sharing.selectors import handed_over
from adherents.casework.twins import selectors as twins
from adherents.casework.twins.selectors import SentBefore, Twin
from adherents.desk.panels import DeskEntry, add_to_menu, at_suspension, document_line, document_panel
from adherents.vault.models import Document

add_to_menu(
    DeskEntry(
        Act.FIND, "casework:queue", _("À traiter"), rank=10, key="g", key_opens=_("documents à traiter")
    )
)
add_to_menu(DeskEntry(Act.ASSIGN, "casework:sharing", _("Répartition"), rank=15))
add_to_menu(DeskEntry(Act.SEE_FIGURES, "casework:figures", _("Chiffres"), rank=40))


@at_suspension
def held_by(agent: Account) -> str:
    """What comes back to all."""
    held = selectors.held_by(agent)
    parts = []
    if held.in_hand:
        parts.append(
            ngettext("%(count)d document en main", "%(count)d documents en main", held.in_hand)
            % {"count": held.in_hand}
        )
    if held.kept:
        parts.append(
            ngettext(
                "%(count)d document réservé à cet agent",
                "%(count)d documents réservés à cet agent",
                held.kept,
            )
            % {"count": held.kept}
        )
    return gettext("Reviennent à tous, aussitôt : %(what)s.") % {"what": ", ".join(parts)} if parts else ""


@document_panel(Act.TREAT, "casework/waiting_panel.html", rank=5, on_record_only=True)
def waiting(document: Document, agent: Account) -> selectors.WaitingItem | None:
    """« Prendre », or who has it."""
    return selectors.waiting(document, agent)


@document_panel(Act.TREAT, "casework/handed_panel.html", rank=2, in_sight="casework/handed_in_sight.html")
def handed(document: Document, agent: Account) -> HandOver | None:
    """Who handed it over, and why."""
    return handed_over(document)


@document_line(Act.TREAT, "casework/waiting_line.html")
def waiting_line(documents: Sequence[Document], agent: Account) -> dict[uuid.UUID, Item]:
    """The same in a line of a list."""
    return selectors.waiting_among(documents)


@document_panel(Act.TREAT, "casework/parts_panel.html", rank=8)
def parts(document: Document, agent: Account) -> selectors.Parts | None:
    """What a file was split into, for its page and for the ones of its parts."""
    return selectors.parts(document, agent)


@document_panel(Act.TREAT, "casework/joined_panel.html", rank=8)
def joined_with(document: Document, agent: Account) -> Joined | None:
    """What was joined, for its page and for the ones of the documents that it was made of."""
    return joined(document, agent)


@document_panel(Act.RELOCATE, "casework/relocation_panel.html", rank=9)
def in_another_file(document: Document, agent: Account) -> Elsewhere | None:
    """Whose file it went to, or came from."""
    return elsewhere(document, agent)


@document_panel(Act.OPEN_DOCUMENT, "casework/decision_panel.html", rank=10)
def decision(document: Document, agent: Account) -> selectors.Decided:
    """What its member was told, and the way to reopen it."""
    return selectors.decided(document, reader=agent)


@document_panel(
    Act.OPEN_DOCUMENT,
    "casework/twins/beside_document.html",
    rank=6,
    in_sight="casework/twins/in_sight.html",
)
def sent_before(document: Document, agent: Account) -> SentBefore:
    """What its member sent as the very same bytes, and what looks like it."""
    return twins.sent_before(document)


@document_panel(
    Act.SEE_FRAUD_SIGNS,
    "casework/twins/fraud_beside_document.html",
    rank=7,
    in_sight="casework/twins/fraud_in_sight.html",
)
def same_file_elsewhere(document: Document, agent: Account) -> list[Twin]:
    """What another member sent as the very same bytes."""
    return twins.twins_of_others(document, reader=agent)
