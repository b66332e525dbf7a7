"""Handing over the documents of a former holder, who cannot sign in: the n° adhérent is another person's now."""

from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.desk.services.account_actions import AccountActRefused
from adherents.members.models import Member
from adherents.vault.services.exporting import Export, export_everything


class TakesThemAway(AccountActRefused):
    message = _("Cet adhérent a toujours son numéro : il télécharge lui-même ses documents.")


def hand_over_export(*, agent: Account, member: Member, reason: str) -> Export:
    """Everything that a former holder has in the vault, as one zip; the journal says who took it and why, for each document.

    Raises `TakesThemAway` for any other member.
    """
    if not member.is_former_holder:
        raise TakesThemAway
    return export_everything(member=member, actor=agent.actor, reason=reason)
