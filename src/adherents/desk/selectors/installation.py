"""What an administrator may see of the installation: the profile as it is in force, the keys by their names, and whether each
part does its work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.crypto.keys import keyring
from adherents.crypto.rotation import COVERED, sampled_keys
from adherents.insurer.profile import profile
from adherents.insurer.values import SECONDS, Facts, LongWords, Rate, Span, Words
from adherents.telemetry import engines
from adherents.vault.models import SigningKey
from adherents.work.selectors import COUNTED_TO, BacklogState, LaneState, backlog_states, lane_states

TITLES: dict[str, str | Promise] = {
    "insurer": gettext_lazy("L’organisme"),
    "brand": gettext_lazy("Les couleurs"),
    "mail": gettext_lazy("Les mails"),
    "contact": gettext_lazy("Le contact"),
    "password": gettext_lazy("Les mots de passe"),
    "lock": gettext_lazy("Le blocage"),
    "session": gettext_lazy("Les connexions des adhérents"),
    "agents": gettext_lazy("Les agents"),
    "limits": gettext_lazy("Les limites"),
    "documents": gettext_lazy("Les documents"),
    "vault": gettext_lazy("Le coffre"),
    "backups": gettext_lazy("Les sauvegardes"),
    "legal": gettext_lazy("Les mentions légales"),
}


@dataclass(frozen=True)
class ProfileTable:
    """A table of the profile: its name in the file, its title, and each key with what it says."""

    name: str
    title: str
    rows: list[tuple[str, str]]


def profile_tables() -> list[ProfileTable]:
    """The whole profile in the order of the file; what stands before its first table comes under "" ."""
    facts, loose, tables = profile(), [], []
    for name in type(facts).model_fields:
        value = getattr(facts, name)
        if isinstance(value, Facts):
            tables.append(ProfileTable(name, str(TITLES.get(name, name)), list(_rows("", value))))
        else:
            loose.append((name, _readable(value)))
    return [ProfileTable("", _("Généralités"), loose), *tables]


def _rows(before: str, facts: Facts) -> Iterator[tuple[str, str]]:
    for name in type(facts).model_fields:
        value, key = getattr(facts, name), f"{before}{name}"
        if isinstance(value, Facts) and not isinstance(value, Words | LongWords):
            yield from _rows(f"{key}.", value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Facts):
            for inner in value:
                yield key, " · ".join(f"{part} = {words}" for part, words in _rows("", inner))
        else:
            yield key, _readable(value)


def _readable(value: Any) -> str:
    """A value as people read it; « – » for nothing."""
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, Words):
        return " / ".join(filter(None, [value.fr, value.en]))
    if isinstance(value, LongWords):
        return " / ".join(filter(None, [" ".join(value.fr), " ".join(value.en)])) or "–"
    if isinstance(value, Span):
        return f"{value.start:%H:%M}-{value.end:%H:%M}"
    if isinstance(value, Rate):
        unit = next(name for name, seconds in SECONDS.items() if seconds == value.seconds)
        return f"{value.times}/{unit}"
    if isinstance(value, tuple):
        return ", ".join(_readable(inner) for inner in value)
    return str(getattr(value, "name", value))


@dataclass(frozen=True)
class MasterKeyLine:
    """A master key by its public name. `seals`: the first, that seals; the others only open."""

    id: str
    seals: bool


@dataclass(frozen=True)
class Keys:
    """The keys that are live. `looked_at`: rows of a sample (0 with one key: nothing to look for), `old` among them."""

    masters: list[MasterKeyLine]
    signing: list[SigningKey]
    looked_at: int
    old: int


def keys() -> Keys:
    """What the keys are called; never what they are."""
    ring = keyring()
    masters = [MasterKeyLine(key.id.hex(), key is ring.primary) for key in ring.keys]
    looked_at = old = 0
    if len(masters) > 1:
        for label, column in sorted(COVERED):
            key_ids = sampled_keys(apps.get_model(label), column)
            looked_at += key_ids.total()
            old += key_ids.total() - key_ids[ring.primary.id]
    signing = list(SigningKey.objects.newest_first().defer("sealed_seed"))
    return Keys(masters, signing, looked_at, old)


PARTS: dict[str, str | Promise] = {
    "database": gettext_lazy("Base de données"),
    "migrations": gettext_lazy("Tables à jour"),
    "disk": gettext_lazy("Place sur le disque"),
    "storage": gettext_lazy("Stockage des documents"),
    "cache": gettext_lazy("Cache"),
    "antivirus": gettext_lazy("Antivirus"),
    "worker": gettext_lazy("Exécuteurs"),
    "mail": gettext_lazy("Envoi des mails"),
}
LANES: dict[str, str | Promise] = {
    "mails": gettext_lazy("Mails, liens, file d’attente"),
    "drawings": gettext_lazy("Analyse et dessin des documents"),
    "long-drawings": gettext_lazy("Dessins qui prennent du temps"),
    "readings": gettext_lazy("Lecture des documents"),
    "webhooks": gettext_lazy("Webhooks"),
}
BACKLOGS: dict[str, str | Promise] = {
    "mails": gettext_lazy("Mails à envoyer"),
    "links": gettext_lazy("Liens demandés"),
    "first_connections": gettext_lazy("Premières connexions demandées"),
    "letters": gettext_lazy("Courriers à dessiner"),
    "scanning": gettext_lazy("Documents à analyser"),
    "drawing": gettext_lazy("Documents à dessiner"),
    "long_drawing": gettext_lazy("Documents longs à dessiner"),
    "summaries": gettext_lazy("Mails d’envois décidés"),
    "queue_entry": gettext_lazy("Documents à mettre en file"),
    "reading": gettext_lazy("Documents à lire"),
    "decisions": gettext_lazy("Décisions à transmettre"),
    "queue": gettext_lazy("Documents à traiter par les agents"),
    "webhooks": gettext_lazy("Webhooks qui ont des événements à prendre"),
    "folder": gettext_lazy("Dossier d’échange : des lots attendent, ou il n’est plus regardé"),
}


@dataclass(frozen=True)
class PartLine:
    """A part that this installation has. `away`: what is wrong, in the words of what failed; "" for nothing."""

    label: str
    away: str


@dataclass(frozen=True)
class LaneLine:
    label: str
    lane: LaneState


@dataclass(frozen=True)
class BacklogLine:
    """`is_many`: more than are counted."""

    label: str
    backlog: BacklogState
    is_many: bool


def part_lines() -> list[PartLine]:
    """As `/sante/` says it, a few seconds old at most."""
    health = engines.last_look()
    return [PartLine(str(PARTS.get(name, name)), health.away.get(name, "")) for name in health.looked_at]


def lane_lines() -> list[LaneLine]:
    return [LaneLine(str(LANES.get(state.lane, state.lane)), state) for state in lane_states()]


def backlog_lines() -> list[BacklogLine]:
    states = backlog_states()
    return [
        BacklogLine(str(BACKLOGS.get(state.kind, state.kind)), state, state.count == COUNTED_TO)
        for state in states
    ]
