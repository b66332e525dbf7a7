"""Why a call did not succeed, in words for an administrateur: never what the receiver wrote."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Trouble(TextChoices):
    FORBIDDEN = "forbidden", _("L’adresse mène à un réseau privé ou réservé : elle n’est pas appelée.")
    CLEAR = "clear", _("L’adresse commence par http:// et ne mène pas à un réseau permis.")
    NO_NAME = "no_name", _("Le nom du serveur n’est pas connu.")
    UNREACHED = "unreached", _("Le serveur ne prend pas la connexion.")
    TLS = "tls", _("Le serveur ne prouve pas qui il est (TLS).")
    SLOW = "slow", _("Pas de réponse en dix secondes.")
    UNREADABLE = "unreadable", _("La réponse n’est pas lisible, ou trop longue.")
    REDIRECT = "redirect", _("Le serveur répond d’aller ailleurs : les redirections ne sont pas suivies.")
    REFUSED = "refused", _("Le serveur répond par un refus ou une erreur.")
    GONE = "gone", _("Le serveur répond que l’adresse n’existe plus (410).")
