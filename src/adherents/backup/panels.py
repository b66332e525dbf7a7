from django.utils.translation import gettext_lazy as _

from adherents.accounts.permissions import Act
from adherents.backup.selectors import waits_for
from adherents.desk.panels import DeskEntry, add_to_menu

add_to_menu(
    DeskEntry(
        Act.LIFT_HOLDS,
        "backup:after_restore",
        _("Restauration"),
        rank=70,
        count=waits_for,
        counted=_("à regarder"),
        only_while_counted=True,
    )
)
