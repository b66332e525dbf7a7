"""Filters of the queue under a name: kept by an agent, and shared with all by a responsable.

What agents keep for themselves is not in the journal, as their zoom is not. What they show to all is, without its name.
"""

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.casework.models import SavedFilter
from adherents.casework.models.saved_filters import MOST_KEPT, MOST_SHARED
from adherents.journal.events import Event
from adherents.journal.services import record

SUBJECT = "queue"


class FilterRefused(Exception):
    """Why a filter cannot be kept or shared, in words for the agent."""

    message: str | Promise = _("Ce filtre n’existe plus.")


class NothingToSave(FilterRefused):
    message = _("Choisissez d’abord un filtre ou un ordre.")


class FilterNameTaken(FilterRefused):
    message = _("Un de vos filtres porte déjà ce nom.")


class TooManyKept(FilterRefused):
    message = _("Vous avez déjà 12 filtres : supprimez-en un d’abord.")


class TooManyShared(FilterRefused):
    message = _("24 filtres sont déjà partagés : retirez-en un d’abord.")


def save_filter(*, agent: Account, name: str, query: str) -> SavedFilter:
    """Keep a query of the queue's page under a name. Raises a `FilterRefused` or `acts.ActRefused`."""
    if not query:
        raise NothingToSave
    with transaction.atomic():
        agent = check_act(
            agent=agent, act=Act.TREAT
        )  # locks the agent's row: two tabs count one after the other
        own = SavedFilter.objects.filter(account=agent)
        if own.filter(name__iexact=name).exists():
            raise FilterNameTaken
        if own.count() >= MOST_KEPT:
            raise TooManyKept
        saved: SavedFilter = own.create(account=agent, name=name, query=query)
    return saved


def remove_filter(*, agent: Account, saved: SavedFilter) -> None:
    """Forget a filter of one's own. Raises a `FilterRefused` or `acts.ActRefused`."""
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.TREAT)
        row = SavedFilter.objects.select_for_update().filter(pk=saved.pk, account=agent).first()
        if row is None:
            raise FilterRefused
        if row.is_shared:
            record(Event.FILTER_UNSHARED, subject=SUBJECT, actor=agent.actor)
        row.delete()


def share_filter(*, agent: Account, saved: SavedFilter, shared: bool) -> None:
    """Show one's own filter to all, or show anybody's no more. Raises a `FilterRefused` or `acts.ActRefused`."""
    with transaction.atomic():
        agent = check_act(agent=agent, act=Act.SHARE_FILTERS)
        rows = SavedFilter.objects.select_for_update().filter(pk=saved.pk, is_shared=not shared)
        row = rows.filter(account=agent).first() if shared else rows.first()
        if row is None:
            raise FilterRefused
        # The journal's chain of the queue is locked from here on: two responsables count one after the other.
        record(Event.FILTER_SHARED if shared else Event.FILTER_UNSHARED, subject=SUBJECT, actor=agent.actor)
        if shared and SavedFilter.objects.filter(is_shared=True).count() >= MOST_SHARED:
            raise TooManyShared
        row.is_shared = shared
        row.save(update_fields=["is_shared"])
