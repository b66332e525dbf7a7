from django.utils.translation import gettext_lazy as _

from adherents.accounts.permissions import Act
from adherents.desk.panels import DeskEntry, add_to_menu

add_to_menu(DeskEntry(Act.MANAGE_CLIENTS, "api:clients", _("Systèmes"), rank=65))
