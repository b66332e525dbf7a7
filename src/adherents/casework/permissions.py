"""Which role may do what at the desk: one table, and the decorator that holds every page to it."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from adherents.accounts.decorators import account_of, agent_required
from adherents.accounts.models import Account, Role
from adherents.journal.events import Event
from adherents.journal.services import record

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Act(StrEnum):
    """What an agent may do. Each page of the desk is one of them."""

    ENTER = "enter"
    FIND = "find"
    CONSULT = "consult"
    OPEN_DOCUMENT = "open_document"
    SHOW_NIR = "show_nir"
    CHANGE_EMAIL = "change_email"
    END_LOCK = "end_lock"
    SEND_LINK = "send_link"
    CLOSE_ACCOUNT = "close_account"
    REOPEN_ACCOUNT = "reopen_account"
    WRITE_LETTER = "write_letter"
    PREPARE_LETTERS = "prepare_letters"
    TREAT = "treat"
    MESSAGES = "messages"
    ASSIGN = "assign"
    SEE_FIGURES = "see_figures"
    EDIT_TEMPLATES = "edit_templates"
    READ_JOURNAL = "read_journal"


_DESK = frozenset({Role.ADVISER, Role.SUPERVISOR, Role.ADMINISTRATOR})

TABLE: dict[Act, frozenset[Role]] = {
    Act.ENTER: _DESK | {Role.AUDITOR},
    Act.FIND: _DESK,
    Act.CONSULT: _DESK,
    Act.OPEN_DOCUMENT: _DESK,
    Act.SHOW_NIR: _DESK,
    Act.CHANGE_EMAIL: _DESK,
    Act.END_LOCK: _DESK,
    Act.SEND_LINK: _DESK,
    Act.CLOSE_ACCOUNT: _DESK,
    Act.REOPEN_ACCOUNT: _DESK,
    Act.WRITE_LETTER: _DESK,
    Act.PREPARE_LETTERS: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    Act.TREAT: _DESK,
    Act.MESSAGES: _DESK,
    Act.ASSIGN: frozenset({Role.SUPERVISOR}),
    Act.SEE_FIGURES: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    Act.EDIT_TEMPLATES: frozenset({Role.SUPERVISOR}),
    Act.READ_JOURNAL: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR}),
}


def acts_of(account: Account) -> frozenset[Act]:
    """Everything that this agent may do."""
    return frozenset(act for act, roles in TABLE.items() if account.role in roles)


def actor(account: Account) -> str:
    """How the journal names an agent at work (`account:3` is the same person's own account)."""
    return f"agent:{account.pk}"


def allowed_to(act: Act) -> Callable[[View[P]], View[P]]:
    """Only for agents whose role may do this, behind a second factor. A refusal is journalled."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def held(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            account = account_of(request)
            if account.role not in TABLE[act]:
                record(Event.ACCESS_REFUSED, subject=account.subject, actor=actor(account), act=act.value)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        as_agent: Callable[[View[P]], View[P]] = agent_required()
        guarded = as_agent(cast(View[P], held))
        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return decorate
