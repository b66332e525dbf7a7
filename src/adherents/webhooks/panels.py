from django.utils.translation import gettext_lazy as _

from adherents.accounts.permissions import Act
from adherents.desk.panels import DeskEntry, add_to_menu
from adherents.webhooks.selectors import set_aside

add_to_menu(
    DeskEntry(
        Act.MANAGE_WEBHOOKS,
        "webhooks:endpoints",
        _("Webhooks"),
        rank=64,
        count=set_aside,
        counted=_("mis de côté"),
    )
)
