"""Why a file does not enter the vault, in words for the member who sent it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileRefusal(models.TextChoices):
    """Why a file does not enter the vault. The label says what is wrong and what to do, to the member."""

    FORMAT = "format", _("Ce format n’est pas accepté. Enregistrez-le en PDF, ou photographiez-le.")
    EMPTY = (
        "empty",
        _("Ce fichier est vide. Ouvrez-le pour vérifier ce qu’il contient, puis envoyez-le à nouveau."),
    )
    TOO_LARGE = (
        "too_large",
        _(
            "Ce fichier est trop lourd. Envoyez-le en plusieurs parties, ou photographiez-le avec une qualité moindre."
        ),
    )
    TOO_MANY = (
        "too_many",
        _("Il y a trop de fichiers dans cet envoi. Envoyez celui-ci dans un deuxième envoi."),
    )
    FULL_TODAY = (
        "full_today",
        _("Vous avez atteint ce qui peut être envoyé en un jour. Envoyez ce fichier demain."),
    )
    FULL = (
        "full",
        _("Votre espace est plein. Appelez-nous ou écrivez-nous : nous verrons avec vous comment l’envoyer."),
    )
    ENCRYPTED = (
        "encrypted",
        _("Ce PDF est protégé par un mot de passe. Enregistrez-le sans mot de passe, ou photographiez-le."),
    )
    LOCKED = (
        "locked",
        _(
            "Ce PDF est verrouillé : il ne s’ouvre que pour son destinataire. Ouvrez-le, imprimez-le dans un nouveau PDF, "
            "puis envoyez celui-ci, ou photographiez-le."
        ),
    )
    CUT = "cut", _("Ce fichier est incomplet ou abîmé. Enregistrez-le à nouveau, puis envoyez-le.")
    TOO_MANY_PIXELS = (
        "too_many_pixels",
        _(
            "Cette image est trop grande pour être ouverte. Photographiez le document, ou enregistrez-le en PDF."
        ),
    )
    NOT_KEPT = (
        "not_kept",
        _(
            "Nous n’avons pas pu enregistrer ce fichier, par notre faute. Envoyez-le à nouveau dans quelques minutes."
        ),
    )
