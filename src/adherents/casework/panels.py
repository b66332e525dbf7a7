from django.utils.translation import gettext_lazy as _

from adherents.accounts.permissions import Act
from adherents.desk.panels import DeskEntry, add_to_menu

add_to_menu(
    DeskEntry(
        Act.FIND, "casework:queue", _("À traiter"), rank=10, key="g", key_opens=_("documents à traiter")
    )
)
add_to_menu(DeskEntry(Act.SEE_FIGURES, "casework:figures", _("Chiffres"), rank=40))
