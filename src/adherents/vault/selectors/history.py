"""The journal of a document, in words for its owner: who did what with it, and when."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.subjects import SubjectKind, kind_of
from adherents.vault.models import Document
from adherents.vault.origins import BY_DESK, Origin

MOST_LINES = 50
WORDS: dict[str, str | Promise] = {
    Event.DOCUMENT_DEPOSITED: _("Vous l’avez envoyé."),
    Event.DOCUMENT_GATHERED: _("Le portail a réuni vos photos en un PDF."),
    Event.DOCUMENT_CHECKED: _("Le portail l’a vérifié et a préparé ses pages."),
    Event.DOCUMENT_SET_ASIDE: _("Le portail n’a pas pu l’ouvrir, et l’a mis de côté."),
    Event.DOCUMENT_UNSCANNED: _("Il attend le contrôle de l’antivirus."),
    Event.DOCUMENT_INFECTED: _("L’antivirus y a reconnu un danger : personne ne peut l’ouvrir."),
    Event.DOCUMENT_OPENED: _("Un conseiller l’a consulté."),
    Event.DOCUMENT_DOWNLOADED: _("Vous l’avez téléchargé."),
    Event.DOCUMENT_ALTERED: _("Un contrôle a trouvé qu’il n’est plus tel qu’il est arrivé."),
    Event.DOCUMENT_TAKEN: _("Un conseiller a commencé à le traiter."),
    Event.DOCUMENT_GIVEN_BACK: _("Le conseiller l’a laissé à un autre conseiller."),
    Event.DOCUMENT_FILED: _("Un conseiller a précisé de quel document il s’agit."),
    Event.DOCUMENT_REFILED: _("Un conseiller l’a reclassé."),
    Event.DOCUMENT_SPLIT: _("Un conseiller l’a réparti en plusieurs documents, traités chacun à part."),
    Event.PART_MADE: _("Un conseiller en a fait un document à part."),
    Event.SPLIT_UNDONE: _("Un conseiller a annulé la répartition : il est à nouveau traité en entier."),
    Event.DOCUMENT_JOINED: _("Un conseiller l’a réuni avec d’autres documents du même envoi."),
    Event.JOINED_MADE: _("Un conseiller a réuni vos documents en un seul."),
    Event.JOIN_UNDONE: _("Un conseiller l’a séparé des autres : il est à nouveau traité à part."),
    Event.REFILING_UNDONE: _("Un conseiller l’a reclassé."),
    Event.DOCUMENT_RELOCATED: _(
        "Un conseiller l’a classé dans un autre dossier : il ne vous concernait pas."
    ),
    Event.DOCUMENT_HANDED_OVER: _("Il a été confié à un autre conseiller."),
    Event.DECISION_REOPENED: _("Décision rouverte : un conseiller l’examine à nouveau."),
    Event.DOCUMENT_ACCEPTED: _("Un conseiller l’a accepté."),
    Event.DOCUMENT_REFUSED: _("Un conseiller l’a refusé, et vous a dit pourquoi."),
    Event.CORRECTION_ASKED: _("Un conseiller vous a demandé de le compléter."),
    Event.CORRECTION_ANSWERED: _("Votre réponse est arrivée au conseiller."),
    Event.DOCUMENT_TAKEN_BACK: _("Vous l’avez repris."),
    Event.DOCUMENT_ERASED: _("Il a été détruit : plus personne ne peut l’ouvrir."),
}
# Of what a system of the insurer did.
BY_CLIENT: dict[str, str | Promise] = {
    Event.DOCUMENT_OPENED: _("Votre mutuelle (système de gestion) l’a consulté."),
    Event.DOCUMENT_ACKNOWLEDGED: _("Votre mutuelle (système de gestion) l’a rangé dans votre dossier."),
    Event.DOCUMENT_TAKEN: _("Votre mutuelle (système de gestion) a commencé à le traiter."),
    Event.DOCUMENT_ACCEPTED: _("Votre mutuelle (système de gestion) l’a accepté."),
    Event.DOCUMENT_REFUSED: _("Votre mutuelle (système de gestion) l’a refusé, et vous a dit pourquoi."),
    Event.CORRECTION_ASKED: _("Votre mutuelle (système de gestion) vous a demandé de le compléter."),
}
FILED_BY_AGENT = _("Un conseiller l’a classé dans votre dossier.")
DEPOSITED_BY_AGENT = _("Un conseiller l’a déposé pour vous.")
ATTACHED_BY_AGENT = _("Un conseiller l’a joint à un message pour vous.")
DEPOSITED_BY_INSURER = _("Votre mutuelle l’a déposé ici.")


def entries_of(document: Document) -> list[Entry]:
    """What its owner may read of a document's journal, newest first. One query."""
    return list(
        Entry.objects.about(document.subject).filter(event__in=[*WORDS, Event.DOCUMENT_ACKNOWLEDGED])[
            :MOST_LINES
        ]
    )


def history_of(document: Document, entries: Iterable[Entry]) -> list[dict[str, object]]:
    """What happened, as the steps of a line of time."""
    standing = without_undone(entries)
    return [{"label": _words(entry, document), "done": True, "at": entry.at} for entry in standing]


def without_undone(entries: Iterable[Entry]) -> list[Entry]:
    """Without what an agent filed and took back in the seconds after it, which nobody outside had to read."""
    standing, undone = list[Entry](), 0
    for entry in entries:  # newest first
        if entry.event == Event.REFILING_UNDONE:
            undone += 1
        elif undone and entry.event in {Event.DOCUMENT_FILED, Event.DOCUMENT_REFILED}:
            undone -= 1
        else:
            standing.append(entry)
    return standing


def refiled_words(entry: Entry) -> str:
    """What became of it: another kind, another person, or both in one act of a program's."""
    kind, was = entry.details.get("kind", ""), entry.details.get("was", "")
    labels = {
        name: profile().documents.kind_label(str(code)) for name, code in (("kind", kind), ("was", was))
    }
    if kind == was:
        return gettext("Un conseiller l’a reclassé : il concerne une autre personne de votre contrat.")
    return gettext("Un conseiller l’a reclassé : « %(kind)s », et non « %(was)s ».") % labels


def _words(entry: Entry, document: Document) -> str:
    if entry.event == Event.DOCUMENT_DEPOSITED and document.origin == Origin.ANSWER:
        return str(ATTACHED_BY_AGENT)
    if entry.event == Event.DOCUMENT_DEPOSITED and document.origin == Origin.INSURER:
        return str(DEPOSITED_BY_INSURER)
    if entry.event == Event.DOCUMENT_REFILED:
        return refiled_words(entry)
    if entry.event == Event.DOCUMENT_DEPOSITED and kind_of(entry.actor) == SubjectKind.AGENT:
        return str(FILED_BY_AGENT if document.deposit.way == BY_DESK else DEPOSITED_BY_AGENT)
    if entry.event == Event.DOCUMENT_DOWNLOADED and "photo" in entry.details:
        return gettext("Vous avez téléchargé sa photo %(number)d.") % {"number": entry.details["photo"]}
    if kind_of(entry.actor) == SubjectKind.CLIENT and entry.event in BY_CLIENT:
        return str(BY_CLIENT[entry.event])
    return str(WORDS[entry.event])
