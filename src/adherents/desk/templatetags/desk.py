"""What every page of the desk shows, and what other rooms add to it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse

from adherents.accounts.models import Account
from adherents.desk.panels import MENU, PANELS, DeskEntry, Panel
from adherents.members.models import Member

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
    panels = [(panel.template, panel.read(member)) for panel in record_panels(context)]
    return {"panels": panels, "member": member, "beside": beside}
