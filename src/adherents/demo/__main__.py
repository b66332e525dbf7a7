"""`python -m adherents.demo PORT`: what `adherents demo` becomes."""

import logging
import os
import sys
from urllib.parse import urlsplit

from adherents.config import environment
from adherents.demo.ports import smtp_port

# The demonstration has its own of each, so that it can never reach the data of an installation.
ITS_OWN = ("DATABASE_URL", "STORAGE_URL", "CACHE_URL", "EMAIL_URL", "ANTIVIRUS_URL", "PROXIES")


def main(port: int) -> int:
    make_environment(port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    import django

    django.setup()
    from django.conf import settings

    from adherents.demo.data_folder import CannotRun
    from adherents.demo.running import Demonstration, say

    for name in ("adherents", "mail.log"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        return Demonstration(port, settings.DATA_DIR).run()
    except CannotRun as error:
        say(f"Démonstration : {error}")
        return 2
    except KeyboardInterrupt:
        say("\nInterrompu : la prochaine fois recommence la préparation.")
        return 130


def make_environment(port: int) -> None:
    """For this process and those that it starts. Secrets, profile and data folder stay as they are given."""
    host = urlsplit(environment.base_url()).hostname
    ours = {
        "ADHERENTS_BASE_URL": f"http://{'localhost' if host == 'localhost' else '127.0.0.1'}:{port}",
        "ADHERENTS_EMAIL_URL": f"smtp://127.0.0.1:{smtp_port(port)}",
        "ADHERENTS_DATA_DIR": str(environment.data_dir()),
    }
    for name in ITS_OWN:
        os.environ.pop(f"ADHERENTS_{name}", None)
    os.environ.update(ours)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
