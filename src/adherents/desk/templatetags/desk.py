"""What every page of the desk shows, and what other rooms add to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse

from adherents.accounts.models import Account
from adherents.desk.panels import (
    DOCUMENT_LINES,
    DOCUMENT_PANELS,
    MENU,
    PANELS,
    DeskEntry,
    DocumentPanel,
    Panel,
)
from adherents.members.models import Member
from adherents.reading.places import Crop, CutOut, upright
from adherents.reading.selectors import ReadOnDocument, ShownCode, ShownField
from adherents.vault.models import Document, Page

register = template.Library()


@dataclass(frozen=True)
class MenuLine:
    """An entry of the menu, on this page and for this agent."""

    entry: DeskEntry
    agent: Account
    path: str

    @cached_property
    def url(self) -> str:
        return reverse(self.entry.address)

    @property
    def is_current(self) -> bool:
        return self.url == self.path

    @cached_property
    def count(self) -> int:
        return self.entry.count(self.agent) if self.entry.count else 0


@dataclass(frozen=True)
class LinePart:
    """What another room shows in one line."""

    template: str
    rows: Any


@register.simple_tag(takes_context=True)
def desk_menu(context: Context) -> list[MenuLine]:
    """The pages that this agent may open. What waits is counted once a template asks for it."""
    may, agent = context.get("may") or (), context["user"]
    lines = [MenuLine(entry, agent, context["request"].path) for entry in MENU if entry.act in may]
    return [line for line in lines if line.is_current or not line.entry.only_while_counted or line.count]


@register.simple_tag(takes_context=True)
def record_panels(context: Context) -> list[Panel]:
    """What other rooms show of a member to this agent."""
    return [panel for panel in PANELS if panel.act in (context.get("may") or ())]


@register.inclusion_tag("desk/panels.html", takes_context=True)
def panels_of(context: Context, member: Member, *, beside: bool = False) -> dict[str, Any]:
    """The same, drawn for one member. `beside`: on a page whose subject and keys are others."""
    shown = [panel for panel in record_panels(context) if not (beside and panel.on_record_only)]
    panels = [(panel.template, panel.read(member)) for panel in shown]
    may, agent = context.get("may") or (), context["user"]
    return {"panels": panels, "member": member, "beside": beside, "may": may, "user": agent}


@register.simple_tag(takes_context=True)
def panels_beside(
    context: Context, document: Document, *, treating: bool = False
) -> list[tuple[DocumentPanel, Any]]:
    """What other rooms show of a document to this agent, each with its rows: for `document_panels.html` and `in_sight.html`.

    `treating`: on its screen in the queue.
    """
    may, agent = context.get("may") or (), context["user"]
    shown = [panel for panel in DOCUMENT_PANELS if panel.act in may]
    return [
        (panel, panel.read(document, agent)) for panel in shown if not (treating and panel.on_record_only)
    ]


@register.simple_tag(takes_context=True)
def document_lines(context: Context, documents: Sequence[Document]) -> list[tuple[Document, list[LinePart]]]:
    """Each document of a list, with what other rooms show of it there to this agent."""
    may, agent = context.get("may") or (), context["user"]
    read = [(line.template, line.read(documents, agent)) for line in DOCUMENT_LINES if line.act in may]
    return [
        (document, [LinePart(template, rows[document.pk]) for template, rows in read if document.pk in rows])
        for document in documents
    ]


@dataclass(frozen=True)
class LitPage:
    """What is framed on a page's picture: values in rectangles, codes in their corners (an SVG's points)."""

    fields: list[tuple[ShownField, CutOut]]
    codes: list[tuple[ShownCode, str]]

    def __bool__(self) -> bool:
        return bool(self.fields or self.codes)


@register.simple_tag
def crop_of(one: ShownField | ShownCode, page: Page) -> Crop | None:
    """Where a value or a code is on the picture of its page, upright; None where that is not known."""
    place = one.place(page.width, page.height)
    return upright(place, page.width, page.height, one.turned) if place else None


@register.simple_tag(takes_context=True)
def lit_on(context: Context, page: Page | None) -> LitPage:
    """What was read on this page and where, of the `panels` beside it: nothing where there are none."""
    read = [rows for _panel, rows in context.get("panels") or () if isinstance(rows, ReadOnDocument)]
    if page is None or not read:
        return LitPage([], [])
    # Of a part, `page` bears the number that it has in the whole original.
    number, sides = context["number"], (page.width, page.height)
    fields = [one for one in read[0].fields if one.field.page == number]
    codes = [one for one in read[0].codes if one.code.page == number]
    return LitPage(
        [(one, place) for one in fields if (place := one.place(*sides))],
        [(one, points) for one in codes if (points := one.points(*sides))],
    )
