"""Why an agent cannot have an item."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts.models import Account


class NotAvailable(Exception):
    """Why an agent cannot have this item, in words for the agent."""

    message: str | Promise = gettext_lazy(
        "Ce document n’attend plus : il est traité, ou son expéditeur l’a repris."
    )


class HeldByAnother(NotAvailable):
    def __init__(self, agent: Account | None) -> None:
        name = agent.called if agent else ""
        self.message = (
            _("%(name)s traite ce document.") % {"name": name}
            if name
            else _("Un autre agent traite ce document.")
        )
        super().__init__(self.message)


class KeptForAnother(NotAvailable):
    def __init__(self, agent: Account | None) -> None:
        name = agent.called if agent else ""
        self.message = _("Ce document est réservé à %(name)s.") % {"name": name}
        super().__init__(self.message)


class NotYours(NotAvailable):
    message = gettext_lazy("Vous n’avez plus ce document en main : votre réservation a pris fin.")
