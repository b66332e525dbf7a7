"""Which role may do what at the desk: one table. `decorators.allowed_to` holds every page to it."""

from enum import StrEnum

from adherents.accounts.models import AGENT_ROLES, Account, Role


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
    HAND_OVER_EXPORT = "hand_over_export"
    WRITE_LETTER = "write_letter"
    PREPARE_LETTERS = "prepare_letters"
    TREAT = "treat"
    ENTER_DEPOSIT = "enter_deposit"
    MESSAGES = "messages"
    WRITE_TO_MANY = "write_to_many"
    REOPEN = "reopen"
    REOPEN_ANY = "reopen_any"
    ASSIGN = "assign"
    MORNING_ALERT = "morning_alert"
    EXPORT_QUEUE = "export_queue"
    SHARE_FILTERS = "share_filters"
    RELOCATE = "relocate"
    SEE_FRAUD_SIGNS = "see_fraud_signs"
    PLAN_ABSENCES = "plan_absences"
    NOTES = "notes"
    REMOVE_NOTES = "remove_notes"
    SEE_FIGURES = "see_figures"
    EDIT_TEMPLATES = "edit_templates"
    END_SESSIONS = "end_sessions"
    SEE_AGENTS = "see_agents"
    GIVE_SECOND_FACTOR = "give_second_factor"
    MANAGE_AGENTS = "manage_agents"
    SEE_PROFILE = "see_profile"
    SEE_KEYS = "see_keys"
    SEE_INSTALLATION = "see_installation"
    READ_JOURNAL = "read_journal"
    EXPORT_JOURNAL = "export_journal"
    LIFT_HOLDS = "lift_holds"
    MANAGE_CLIENTS = "manage_clients"
    MANAGE_WEBHOOKS = "manage_webhooks"


_HEADS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_DESK = _HEADS | {Role.ADVISER}

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
    # The documents themselves leave the portal: the agents who treat them never do this.
    Act.HAND_OVER_EXPORT: _HEADS,
    Act.WRITE_LETTER: _DESK,
    Act.PREPARE_LETTERS: frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    Act.TREAT: _DESK,
    Act.ENTER_DEPOSIT: _DESK,
    Act.MESSAGES: _DESK,
    Act.WRITE_TO_MANY: frozenset({Role.SUPERVISOR}),
    Act.REOPEN: _DESK,  # one's own decision, and for a time
    Act.REOPEN_ANY: frozenset({Role.SUPERVISOR}),
    Act.ASSIGN: frozenset({Role.SUPERVISOR}),
    Act.MORNING_ALERT: frozenset({Role.SUPERVISOR}),  # who answers for all that waits
    Act.SHARE_FILTERS: frozenset({Role.SUPERVISOR}),  # an agent keeps and removes their own
    Act.EXPORT_QUEUE: _HEADS,  # the names of all who wait leave the portal as one file
    Act.RELOCATE: frozenset({Role.SUPERVISOR}),  # a member's papers into the file of another one
    # Of other members: the agent who treats a document is not to know whose papers are the same.
    Act.SEE_FRAUD_SIGNS: frozenset({Role.SUPERVISOR}),
    Act.PLAN_ABSENCES: _HEADS,  # of another agent; each plans their own
    # What agents write for each other, and the opinions that they ask: all who may open a document read it.
    Act.NOTES: _DESK,
    Act.REMOVE_NOTES: frozenset({Role.SUPERVISOR}),  # an author removes their own
    Act.SEE_FIGURES: _HEADS,
    Act.EDIT_TEMPLATES: frozenset({Role.SUPERVISOR}),
    Act.END_SESSIONS: _DESK,
    Act.SEE_AGENTS: _HEADS,
    Act.GIVE_SECOND_FACTOR: _HEADS,
    Act.MANAGE_AGENTS: frozenset({Role.ADMINISTRATOR}),
    Act.SEE_PROFILE: frozenset({Role.ADMINISTRATOR}),
    Act.SEE_KEYS: frozenset({Role.ADMINISTRATOR}),
    Act.SEE_INSTALLATION: frozenset({Role.ADMINISTRATOR}),
    Act.READ_JOURNAL: _HEADS | {Role.AUDITOR},
    # All that agents did leaves the portal as one file: not for who leads them.
    Act.EXPORT_JOURNAL: frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
    Act.LIFT_HOLDS: frozenset({Role.ADMINISTRATOR}),
    Act.MANAGE_CLIENTS: frozenset({Role.ADMINISTRATOR}),
    Act.MANAGE_WEBHOOKS: frozenset({Role.ADMINISTRATOR}),
}


def acts_of(account: Account) -> frozenset[Act]:
    """Everything that this agent may do."""
    return frozenset(act for act, roles in TABLE.items() if account.role in roles)


def roles_that_may(act: Act) -> list[Role]:
    """The roles of agents that may do this, in their usual order."""
    return [role for role in AGENT_ROLES if role in TABLE[act]]
