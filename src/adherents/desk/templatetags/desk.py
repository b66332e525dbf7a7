"""What the desk's pages show of messages wherever they are."""

from typing import Any

from django import template
from django.template.context import Context

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.members.models import Member
from adherents.messaging.selectors import of_member, to_answer

register = template.Library()


@register.inclusion_tag("messaging/agent/panel.html", takes_context=True)
def messages_of(context: Context, member: Member, *, beside: bool = False) -> dict[str, Any]:
    """A member's conversations, and the way to write first. Nothing for a role that does not treat messages."""
    shown = Act.MESSAGES in (context.get("may") or ())
    threads = of_member(member) if shown else []
    return {"shown": shown, "threads": threads, "member": member, "beside": beside}


@register.simple_tag(takes_context=True)
def messages_to_answer(context: Context) -> int:
    """In how many threads something waits for the agent who is signed in. One query."""
    account = context["user"]
    return to_answer(account) if isinstance(account, Account) else 0
