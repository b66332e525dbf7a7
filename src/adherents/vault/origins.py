"""Where a document comes from, by which way, and how it ends."""

from datetime import date

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.insurer.treatment import ATTACHMENT_KIND
from adherents.ui.moments import day


class Origin(models.TextChoices):
    """Who put a document in the vault."""

    MEMBER = "member", _("Adhérent")
    INSURER = "insurer", _("Mutuelle")
    MESSAGE = "message", _("Pièce jointe à un message")
    ANSWER = "answer", _("Pièce jointe d’un conseiller")


# What nobody of the member's family sent, and what no agent has to decide because the message is what gets an answer.
FROM_INSURER = frozenset({Origin.INSURER, Origin.ANSWER})
WITH_MESSAGE = frozenset({Origin.MESSAGE, Origin.ANSWER})


class Channel(models.TextChoices):
    """How a deposit came. An agent deposits for its member what did not come by the portal."""

    PORTAL = "", _("Par le portail")
    POST = "post", _("Par courrier")
    COUNTER = "counter", _("À l’accueil")
    MAIL = "mail", _("Par e-mail")


# How a document came that an agent made of an attachment: no deposit came so.
BY_MESSAGE = "message"
# How a deposit came that an agent made of what had come for another member's file.
BY_DESK = "desk"
_BY_CHANNEL: dict[str, str | Promise] = {
    Channel.POST: _("reçu par courrier le %(day)s"),
    Channel.COUNTER: _("remis à l’accueil le %(day)s"),
    Channel.MAIL: _("reçu par e-mail le %(day)s"),
    BY_MESSAGE: _("reçu avec un message le %(day)s"),
    BY_DESK: _("reçu le %(day)s, classé dans le dossier par un conseiller"),
}


def came_in_words(channel: str, on: date | None) -> str:
    """« reçu par courrier le 12/11/2026 »; "" for what came by the portal."""
    words = _BY_CHANNEL.get(channel)
    return "" if words is None else str(words) % {"day": day(on)}


# The kind of what comes or goes with a message: nothing to decide.
ATTACHMENT = ATTACHMENT_KIND


class Erased(models.TextChoices):
    """Why a document was destroyed."""

    WITHDRAWN = "withdrawn", _("Repris par l’adhérent")
    RETENTION = "retention", _("Fin de sa durée de conservation")
