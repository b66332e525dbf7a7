"""Remembering how large an agent reads a kind of documents."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.desk.models import Scale, Zoom
from adherents.vault.models import Document


class NoSuchScale(Exception):
    """Not one of `Scale`."""

    message: str | Promise = _("Cet agrandissement n’existe pas.")


def remember_zoom(*, agent: Account, document: Document, scale: str) -> None:
    """Draw this agent's documents of this one's kind so large from now on, on whatever machine. Raises `NoSuchScale`."""
    if scale not in Scale.values:
        raise NoSuchScale
    Zoom.objects.update_or_create(account=agent, kind=document.kind, defaults={"scale": scale})
