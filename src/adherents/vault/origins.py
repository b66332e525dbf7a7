"""Where a document comes from, and how it ends."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Who put a document in the vault."""

    MEMBER = "member", _("Adhérent")
    INSURER = "insurer", _("Mutuelle")
    MESSAGE = "message", _("Pièce jointe à un message")


# The kind of what comes with a message: no kind of the profile, nothing to decide.
ATTACHMENT = "piece_jointe"


class Erased(models.TextChoices):
    """Why a document was destroyed."""

    WITHDRAWN = "withdrawn", _("Repris par l’adhérent")
    RETENTION = "retention", _("Fin de sa durée de conservation")
