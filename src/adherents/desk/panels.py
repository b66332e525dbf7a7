"""What other rooms add to the desk's pages: an entry of its menu, a panel of a member's record, a panel beside a document.

They stand above this room. Each registers its own in its `panels.py`, found when the portal starts.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.desk.selectors.agents import factor_requests
from adherents.members.models import Member
from adherents.reading.selectors import ReadOnDocument, for_agent
from adherents.vault.models import Document


@dataclass(frozen=True)
class DeskEntry:
    """A page of the menu, for agents who may do its act. Entries stand in the order of their ranks.

    `key` opens it, and `key_opens` says so under « ? ». `count`: how many things wait there, in one query, and `counted`
    what these are. `only_while_counted`: the entry is not there while nothing waits.
    """

    act: Act
    address: str
    label: str | Promise
    rank: int
    key: str = ""
    key_opens: str | Promise = ""
    count: Callable[[Account], int] | None = None
    counted: str | Promise = ""
    only_while_counted: bool = False


Read = Callable[[Member], Sequence[Any]]


@dataclass(frozen=True)
class Panel:
    """A section of a member's record, for agents who may do its act.

    Its template has what `read` gives as `rows`, the `member`, and `beside`: True on a page whose subject and keys are
    others. `key` presses its button where it has the keys, and `key_does` says so. `on_record_only`: it is not read beside
    a document, where a panel of the document shows the same.
    """

    act: Act
    template: str
    read: Read
    key: str = ""
    key_does: str | Promise = ""
    on_record_only: bool = False


ReadOfDocument = Callable[[Document, Account], Any]


@dataclass(frozen=True)
class DocumentPanel:
    """A section beside a document that is open, for agents who may do its act.

    Its template has what `read` gives to this agent as `rows`, and the `document`. `rank`: its place among them.
    `in_sight`: the template of the few lines that are in sight beside the decision, where the section itself needs a scroll.
    `on_record_only`: it is not read on the document's screen in the queue.
    """

    act: Act
    template: str
    read: ReadOfDocument
    rank: int
    in_sight: str = ""
    on_record_only: bool = False


ReadOfDocuments = Callable[[Sequence[Document], Account], Mapping[uuid.UUID, Any]]


@dataclass(frozen=True)
class DocumentLine:
    """What stands in a document's line of a list, for agents who may do its act.

    Its template has as `rows` what `read` gives for this document, of all those of the list at once; nothing for one that it
    leaves out.
    """

    act: Act
    template: str
    read: ReadOfDocuments


# What comes back to the others when an agent is suspended, in words; "" for nothing.
SuspensionWords = Callable[[Account], str]


MENU: list[DeskEntry] = []
PANELS: list[Panel] = []
DOCUMENT_PANELS: list[DocumentPanel] = []
DOCUMENT_LINES: list[DocumentLine] = []
AT_SUSPENSION: list[SuspensionWords] = []


def add_to_menu(entry: DeskEntry) -> None:
    MENU.append(entry)
    MENU.sort(key=lambda entry: entry.rank)


def panel(
    act: Act, template: str, *, key: str = "", key_does: str | Promise = "", on_record_only: bool = False
) -> Callable[[Read], Read]:
    """Register what reads a panel's rows. A query or two, whatever the number of rows."""

    def register(read: Read) -> Read:
        PANELS.append(Panel(act, template, read, key, key_does, on_record_only))
        return read

    return register


def document_panel(
    act: Act, template: str, *, rank: int, in_sight: str = "", on_record_only: bool = False
) -> Callable[[ReadOfDocument], ReadOfDocument]:
    """As `panel`, for what stands beside a document."""

    def register(read: ReadOfDocument) -> ReadOfDocument:
        DOCUMENT_PANELS.append(DocumentPanel(act, template, read, rank, in_sight, on_record_only))
        DOCUMENT_PANELS.sort(key=lambda panel: panel.rank)
        return read

    return register


def document_line(act: Act, template: str) -> Callable[[ReadOfDocuments], ReadOfDocuments]:
    """As `document_panel`, for a line of a list. A query or two, whatever the number of lines."""

    def register(read: ReadOfDocuments) -> ReadOfDocuments:
        DOCUMENT_LINES.append(DocumentLine(act, template, read))
        return read

    return register


def at_suspension(say: SuspensionWords) -> SuspensionWords:
    """Register what the page that suspends an agent says before it is confirmed. A query or two."""
    AT_SUSPENSION.append(say)
    return say


def what_suspending_releases(agent: Account) -> list[str]:
    """The sentences of every room."""
    return [words for say in AT_SUSPENSION if (words := say(agent))]


add_to_menu(DeskEntry(Act.FIND, "desk:unreachable", _("Sans adresse"), rank=20))
add_to_menu(DeskEntry(Act.READ_JOURNAL, "desk:journal", _("Journal"), rank=50))
add_to_menu(
    DeskEntry(
        Act.SEE_AGENTS,
        "desk:agents",
        _("Agents"),
        rank=60,
        count=factor_requests,
        counted=_("second facteur à accorder"),
    )
)


@document_panel(Act.OPEN_DOCUMENT, "desk/read_values.html", rank=3, in_sight="desk/read_in_sight.html")
def read_values(document: Document, agent: Account) -> ReadOnDocument | None:
    """What the portal read on it."""
    return for_agent(document)
