"""What the send page's script is told: where files go, what is accepted, and every word that it says."""

import uuid
from functools import cache
from typing import Any

from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from adherents.insurer.profile import profile
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.receiving import MEGABYTE

MOST_REFUSED = 50  # refused files that a page names: more than it lets a member choose
PIECE = MEGABYTE  # of a file, in one request: whatever holds requests back until they are whole holds little
CLIENT = "vault/tus.min.js"  # put there by `scripts/page_libraries`


@cache
def client_is_there() -> bool:
    """Whether this installation has the tus client: without it, the page is the plain form."""
    return finders.find(CLIENT) is not None


def script_data(sending_id: uuid.UUID) -> dict[str, Any]:
    """For `assets/sending/*.js`. In the words, `{n}`, `{name}`, `{sent}`, `{total}` and `{size}` are filled in there."""
    documents = profile().documents
    refusals = (FileRefusal.FORMAT, FileRefusal.EMPTY, FileRefusal.TOO_LARGE, FileRefusal.TOO_MANY)
    return {
        "endpoint": reverse("vault:uploads"),
        "sending": str(sending_id),
        "keep": reverse("vault:keep", args=[sending_id]),
        "pieceBytes": PIECE,
        "mostRefused": MOST_REFUSED,
        "types": list(documents.types),
        "mostBytes": documents.max_file_mb * MEGABYTE,
        "mostFiles": documents.max_files,
        "refusals": {refusal.value: str(refusal.label) for refusal in refusals},
        "words": _words(get_language() or "fr"),
    }


@cache
def _words(language: str) -> dict[str, str]:
    """The script's own words, in this language: thirty translations, which each page would ask for again."""
    with override(language):
        return {
            "queued": _("{size} · en attente"),
            "reading": _("{size} · lecture par votre appareil…"),
            "sending": _("{sent} sur {total}"),
            "second": _("encore 1 seconde"),
            "seconds": _("encore {n} secondes"),
            "blurred": _("Cette photo semble floue. Si vous n’en lisez pas les chiffres, reprenez-la."),
            "dark": _(
                "Cette photo semble sombre. Approchez-vous d’une lampe ou d’une fenêtre, et reprenez-la."
            ),
            "cut": _(
                "Un bord du document semble coupé. S’il manque quelque chose, reprenez la photo de plus loin."
            ),
            "offer": _(
                "Votre connexion est lente : encore {left} secondes. Une copie plus légère ({size}) part en {n} secondes. Elle "
                "se lit aussi bien à l’écran, mais c’est elle que l’accusé de dépôt prouve, et non la photo d’origine."
            ),
            "lighter": _("Envoyer la copie légère"),
            "checking": _("{size} · vérification…"),
            "arrived": _("{size} · prêt à envoyer"),
            "lost": _(
                "{sent} sur {total} · connexion perdue. L’envoi reprendra tout seul dès qu’elle reviendra."
            ),
            "failed": _("L’envoi s’est interrompu. Réessayez : il reprendra où il s’était arrêté."),
            "unreadable": _(
                "Votre appareil ne peut plus lire ce fichier : il a changé, ou il est resté dans un espace en ligne. "
                "Téléchargez-le sur votre appareil, puis choisissez-le à nouveau."
            ),
            "chooseAgain": _("Choisir à nouveau"),
            "notHere": _(
                "Ce navigateur n’est plus connecté à votre compte. Connectez-vous dans un autre onglet, puis revenez ici : "
                "l’envoi reprendra où il s’était arrêté."
            ),
            "cancel": _("Annuler"),
            "retry": _("Réessayer"),
            "remove": _("Retirer"),
            "sayChosen": _("{name} : l’envoi commence."),
            "sayResumed": _("{name} : l’envoi reprend où il s’était arrêté."),
            "sayArrived": _("{name} est prêt à envoyer."),
            "sayLost": _("{name} : connexion perdue. L’envoi reprendra tout seul dès qu’elle reviendra."),
            "sayRemoved": _("{name} est retiré."),
            "wait": _("Vos documents partiront dès que le dernier sera arrivé. Laissez cette page ouverte."),
            "sendOffline": _(
                "Pas de connexion : rien n’est encore envoyé. L’envoi partira tout seul dès qu’elle reviendra. Laissez cette "
                "page ouverte."
            ),
            "sendLater": _(
                "Le portail ne répond pas. Nous réessayons tout seuls. Laissez cette page ouverte."
            ),
            "up": _("Monter"),
            "down": _("Descendre"),
            "page": _("Page {n}"),
            "sayPage": _("{name} : page {n} sur {total}."),
            "unfinished": _("Un fichier n’est pas arrivé entier : réessayez, ou retirez-le."),
        }
