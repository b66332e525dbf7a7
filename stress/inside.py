"""A look into a portal, from a process with that portal's settings: `python -m stress.inside vault`, say.

It reads a question a line, the name of a function of `vault_inside` and its numbers, and answers one line of JSON.
"""

import importlib
import json
import sys

import django


def main() -> None:
    django.setup()
    from django.db import close_old_connections

    questions = importlib.import_module(f"stress.{sys.argv[1]}_inside").QUESTIONS
    for line in sys.stdin:
        close_old_connections()
        name, *numbers = line.split()
        print(json.dumps(questions[name](*map(int, numbers))), flush=True)


if __name__ == "__main__":
    main()
