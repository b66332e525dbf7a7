"""The fields of an answer that is kept ready: `{prenom}`, filled in for one member and one thread. Nothing else is evaluated."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.members.names import said_given_name
from adherents.ui.moments import day
from adherents.vault.models import Document

FIELD = re.compile(r"\{([^{}]*)\}")

FIELDS: dict[str, str | Promise] = {
    "prenom": _("prénom de l’adhérent"),
    "nom": _("nom de l’adhérent"),
    "numero_adherent": _("n° adhérent"),
    "document": _("document dont il est question"),
    "numero_accuse": _("n° de l’accusé de dépôt de ce document"),
    "date_envoi": _("date d’envoi de ce document"),
    "date": _("date du jour"),
    "conseiller": _("votre nom"),
    "mutuelle": _("nom de la mutuelle"),
    "telephone": _("téléphone du service"),
}


@dataclass(frozen=True)
class About:
    """What fills in an answer: the member that reads it, the document that it is about, the agent who writes it."""

    member: Member
    agent: Account
    document: Document | None = None

    @property
    def language(self) -> str:
        """The one that the member chose in the portal, else the file's."""
        return self.member.account.language if self.member.account else self.member.language


def names_in(text: str) -> set[str]:
    """What stands between braces in a text."""
    return {name.strip() for name in FIELD.findall(text)}


def unknown_in(text: str) -> list[str]:
    """What stands between braces and is no field, in order; "" for a brace alone."""
    names = [name.strip() for name in FIELD.findall(text)]
    unknown = list(dict.fromkeys(name for name in names if name not in FIELDS))
    alone = re.search(r"[{}]", FIELD.sub("", text))
    return [*unknown, *([""] if alone else [])]


def fill(text: str, about: About) -> str:
    """The text with its fields filled in. A field without a value stays as it is, for the agent to complete."""
    with translation.override(about.language):
        values = _values(about)
        return FIELD.sub(lambda field: values.get(field[1].strip(), "") or field[0], text)


def _values(about: About) -> Mapping[str, str]:
    document = about.document
    facts: dict[str, Callable[[], str]] = {
        "prenom": lambda: said_given_name(about.member.first_names),
        "nom": lambda: (about.member.usage_name or about.member.birth_name).upper(),
        "numero_adherent": lambda: about.member.shown_number,
        "document": lambda: document.kind_label if document else "",
        "numero_accuse": lambda: document.deposit.number if document else "",
        "date_envoi": lambda: day(document.at) if document else "",
        "date": lambda: day(timezone.localdate()),
        "conseiller": lambda: about.agent.called,
        "mutuelle": lambda: profile().insurer.short_name,
        "telephone": lambda: profile().contact.phone,
    }
    assert facts.keys() == FIELDS.keys()
    return {name: fact() for name, fact in facts.items()}
