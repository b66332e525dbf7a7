"""`python -m adherents.config.demo PORT`: what `adherents demo` becomes once its environment is made."""

import logging
import os
import sys


def main(port: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    import django

    django.setup()
    from django.conf import settings

    from adherents.config.demo.keeping import CannotRun
    from adherents.config.demo.running import Demonstration, say

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


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
