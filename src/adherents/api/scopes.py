"""What a client may be allowed to do: each route asks for one scope."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Scope(StrEnum):
    """Fixed: others' programs name them."""

    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_CONTENT = "documents:content"
    DOCUMENTS_DECIDE = "documents:decide"
    DOCUMENTS_DEPOSIT = "documents:deposit"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    EVENTS_READ = "events:read"


class NoSuchScope(Exception):
    """A scope that there is not; `str()` is its name."""


def scopes_in(text: str) -> list[Scope]:
    """Each scope once, in the order of `Scope`, from « members:read,documents:read » or with spaces. Raises `NoSuchScope`."""
    named = set(text.replace(",", " ").split())
    if unknown := named - set(Scope):
        raise NoSuchScope(min(unknown))
    return [scope for scope in Scope if scope in named]


# As the pages of the desk say them.
SCOPE_WORDS: dict[Scope, Promise] = {
    Scope.MEMBERS_READ: _("lire les adhérents"),
    Scope.MEMBERS_WRITE: _("écrire les adhérents"),
    Scope.DOCUMENTS_READ: _("lire les fiches des documents"),
    Scope.DOCUMENTS_CONTENT: _("ouvrir les documents eux-mêmes"),
    Scope.DOCUMENTS_DECIDE: _("décider des documents"),
    Scope.DOCUMENTS_DEPOSIT: _("déposer des documents"),
    Scope.MESSAGES_READ: _("lire les messages"),
    Scope.MESSAGES_WRITE: _("écrire des messages"),
    Scope.EVENTS_READ: _("lire les événements"),
}
