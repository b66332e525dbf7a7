"""What other rooms add to a member's page of a document. They stand above this one, and register their own here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Show = Callable[[Any], Any]


@dataclass(frozen=True)
class Section:
    """A template, and what it shows as `shown`."""

    template: str
    shown: Any


SECTIONS: list[tuple[str, Show]] = []


def section(template: str) -> Callable[[Show], Show]:
    """Register what gives, for a `Document` of its member, what the template shows; None for no section. A query or two."""

    def register(show: Show) -> Show:
        SECTIONS.append((template, show))
        return show

    return register


def sections_of(document: Any) -> list[Section]:
    """What stands on this document's page, for its member."""
    shown = ((template, show(document)) for template, show in SECTIONS)
    return [Section(template, what) for template, what in shown if what is not None]
