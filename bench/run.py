"""One bench in a process and a database of its own (`BENCH` names it)."""

import importlib
import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    module = importlib.import_module(f"bench.{os.environ['BENCH']}")
    for figure in module.figures():
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
