"""Run every proof, or those named: `python -m stress [vault desk … roll]`. A JSON line each; 1 if one fails."""

import importlib
import json
import os
import sys

import django

PROOFS = [
    "vault",
    "desk",
    "feed",
    "folder",
    "slow",
    "outages",
    "engines",
    "backup",
    "work",
    "api",
    "roll",
    "batch",
    "reading",
    "reading_kills",
]


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # of this process alone: each portal has its own
    django.setup()
    failed = False
    for name in sys.argv[1:] or PROOFS:
        for proof in importlib.import_module(f"stress.{name}").proofs():
            print(json.dumps(proof), flush=True)
            failed = failed or bool(proof["wrong"])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
