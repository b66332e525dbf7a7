"""The `adherents` command: Django's own commands and the portal's, under one name."""

import os
import sys

from adherents.config import environment
from adherents.config.environment import WrongSetting
from adherents.insurer.profile import WrongProfile


def main() -> None:
    if sys.argv[1:2] == ["serve_drawing"]:
        # Before any setting is read: it is started without one, and where the data folder cannot be reached.
        from adherents.config import drawing_service

        drawing_service.main(sys.argv[2:])
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    from django.core.management import ManagementUtility

    try:
        if sys.argv[1:2] == ["restore"] and not {"-h", "--help"} & set(sys.argv):
            environment.check_keys_are_given()
        utility = ManagementUtility(sys.argv)
        utility.prog_name = "adherents"
        utility.execute()
    except (WrongProfile, WrongSetting) as error:
        sys.exit(f"adherents: {error}")
