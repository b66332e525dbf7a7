from django.utils.translation import gettext_lazy as _

from adherents.accounts.permissions import Act
from adherents.desk.panels import DeskEntry, add_to_menu
from adherents.webhooks.selectors import set_aside

# All of them are led to from the page of the systems; the menu has place for what needs somebody.
add_to_menu(
    DeskEntry(
        Act.MANAGE_WEBHOOKS,
        "webhooks:endpoints",
        _("Webhooks"),
        rank=64,
        count=set_aside,
        counted=_("mis de côté"),
        only_while_counted=True,
    )
)
