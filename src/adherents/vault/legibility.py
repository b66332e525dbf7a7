"""What a member is told of a document that shows nothing: why it could not be opened and what to do, or which pages are blank."""

from typing import Protocol

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adherents.inspection.antivirus import Unscanned

# Told to agents, while a document waits for the antivirus.
WHY_UNSCANNED = [
    (Unscanned.AWAY.value, gettext_lazy("L’antivirus n’est pas joignable.")),
    (Unscanned.SLOW.value, gettext_lazy("L’antivirus n’a pas répondu à temps.")),
    (
        Unscanned.TOO_LARGE.value,
        gettext_lazy("Ce fichier est plus grand que ce que l’antivirus est réglé pour analyser."),
    ),
    (Unscanned.FAILED.value, gettext_lazy("L’antivirus a répondu par une erreur.")),
]


class SetAside(models.TextChoices):
    """Why no page of a document can be shown to an agent. The member reads the label."""

    UNREADABLE = "unreadable", gettext_lazy("Illisible")
    ENCRYPTED = "encrypted", gettext_lazy("Protégé par un mot de passe")
    TOO_LARGE = "too_large", gettext_lazy("Trop grand pour être ouvert")
    ALTERED = "altered", gettext_lazy("Altéré pendant sa conservation")
    INFECTED = "infected", gettext_lazy("Écarté par sécurité")
    LOCKED = "locked", gettext_lazy("Verrouillé pour son destinataire")
    FORM_ONLY = "form_only", gettext_lazy("Lisible dans un seul logiciel")


class DrawnPages(Protocol):
    """What is known of a document once it was drawn, or could not be: the rows of `models.Document`."""

    set_aside: str
    photo_count: int
    page_count: int | None
    blank_pages: list[int]
    joined_count: int

    @property
    def has_its_file(self) -> bool: ...


def why_set_aside(document: DrawnPages) -> str:
    """Why it cannot be treated as it is, and what to send instead."""
    if document.joined_count:
        return _("Nous n’avons pas pu traiter l’un des fichiers réunis ici. %(advice)s") % {
            "advice": what_to_send(document)
        }
    if document.set_aside == SetAside.INFECTED:
        return _("Notre antivirus a reconnu un danger dans ce fichier. Photographiez plutôt le document.")
    if document.photo_count and not document.has_its_file:
        return _("Nous n’avons pas pu ouvrir l’une des photos. Reprenez-la, puis envoyez-les à nouveau.")
    return _("Nous n’avons pas pu ouvrir ce fichier. %(advice)s") % {"advice": what_to_send(document)}


def what_to_send(document: DrawnPages) -> str:
    """One or two sentences, for the page and the mail alike."""
    if document.joined_count:
        return _("Ouvrez celui qui est écarté, dans la liste : sa page dit quoi envoyer à la place.")
    advice = {
        SetAside.TOO_LARGE: _(
            "Il a trop de pages ou une trop grande image : envoyez seulement les pages utiles, ou photographiez-les."
        ),
        SetAside.INFECTED: _("Photographiez plutôt le document, puis envoyez la photo."),
        SetAside.ENCRYPTED: _(
            "Il est protégé par un mot de passe : enregistrez-le sans mot de passe, ou photographiez le document."
        ),
        SetAside.LOCKED: _(
            "Il est verrouillé et ne s’ouvre que pour son destinataire : ouvrez-le, imprimez-le dans un nouveau PDF et "
            "envoyez celui-ci, ou photographiez le document."
        ),
        SetAside.FORM_ONLY: _(
            "Son contenu ne s’affiche que dans un logiciel comme Adobe Acrobat : ouvrez-le avec lui, imprimez-le dans un "
            "nouveau PDF et envoyez celui-ci, ou photographiez le document."
        ),
    }
    return advice.get(SetAside(document.set_aside), _("Envoyez-le à nouveau, ou photographiez le document."))


def what_is_blank(document: DrawnPages) -> str:
    """« Rien ne se voit sur la page 2. »: which of its pages are of one single colour. "" where none is."""
    blank = document.blank_pages
    if not blank:
        return ""
    if document.page_count == 1:
        return _("Rien ne se voit sur sa seule page.")
    if len(blank) == document.page_count:
        return _("Rien ne se voit sur ses pages.")
    numbers = ", ".join(str(number) for number in blank)
    return ngettext(
        "Rien ne se voit sur la page %(numbers)s.", "Rien ne se voit sur les pages %(numbers)s.", len(blank)
    ) % {"numbers": numbers}


def what_to_do_about_blank(document: DrawnPages) -> str:
    """`what_is_blank`, and whether that may be right. "" where no page is."""
    words = what_is_blank(document)
    if not words:
        return ""
    if len(document.blank_pages) == document.page_count:
        return (
            f"{words} {_('Ouvrez votre fichier  : s’il devrait porter quelque chose, envoyez-le à nouveau.')}"
        )
    return f"{words} {_('C’est normal au dos d’une feuille. Sinon, vérifiez votre fichier et envoyez-le à nouveau.')}"
