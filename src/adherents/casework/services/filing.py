"""An agent says which kind of document it is, where the member did not know."""

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.casework.models import Item
from adherents.casework.services import queue
from adherents.vault.services import filing


class CannotFile(Exception):
    """Why this kind cannot be chosen, in words for the agent."""

    message: str | Promise = _("Ce type ne peut pas être choisi.")


class KindRefused(CannotFile):
    message = _("Choisissez un type de la liste.")


class KnownAlready(CannotFile):
    message = _("Le type de ce document est déjà choisi.")


class NotYoursToFile(CannotFile):
    message = _("Vous ne traitez plus de documents.")


class NothingToFile(CannotFile):
    message = _("Ce document n’attend plus : il a été décidé, repris, effacé ou mis de côté.")


def choose_kind(*, agent: Account, item: Item, kind: str) -> None:
    """Before deciding: the item keeps its place and its promise. Raises `CannotFile`, or `queue.NotAvailable`."""
    with transaction.atomic():
        try:
            agent = check_act(agent=agent, act=Act.TREAT)
        except ActRefused as error:
            raise NotYoursToFile from error
        if not queue.renew(agent=agent, item=item):
            queue.take(agent=agent, item=item)
        try:
            filing.set_kind(document_id=item.about.pk, kind=kind, actor=agent.actor)
        except filing.NoSuchKind as error:
            raise KindRefused from error
        except filing.KindIsKnown as error:
            raise KnownAlready from error
        except filing.KindDecided as error:
            raise NothingToFile from error
        Item.objects.filter(pk=item.pk).update(kind=kind)
