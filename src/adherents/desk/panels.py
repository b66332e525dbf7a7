"""What other rooms add to the desk's pages: an entry of its menu, a panel of a member's record.

They stand above this room. Each registers its own in its `panels.py`, found when the portal starts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.members.models import Member


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
    others. `key` presses its button where it has the keys, and `key_does` says so.
    """

    act: Act
    template: str
    read: Read
    key: str = ""
    key_does: str | Promise = ""


MENU: list[DeskEntry] = []
PANELS: list[Panel] = []


def add_to_menu(entry: DeskEntry) -> None:
    MENU.append(entry)
    MENU.sort(key=lambda entry: entry.rank)


def panel(act: Act, template: str, *, key: str = "", key_does: str | Promise = "") -> Callable[[Read], Read]:
    """Register what reads a panel's rows. A query or two, whatever the number of rows."""

    def register(read: Read) -> Read:
        PANELS.append(Panel(act, template, read, key, key_does))
        return read

    return register


add_to_menu(DeskEntry(Act.FIND, "desk:unreachable", _("Sans adresse"), rank=20))
add_to_menu(DeskEntry(Act.READ_JOURNAL, "desk:journal", _("Journal"), rank=50))
add_to_menu(DeskEntry(Act.SEE_AGENTS, "desk:agents", _("Agents"), rank=60))
