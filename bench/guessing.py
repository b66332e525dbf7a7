"""Strangers who try wrong passwords, all at once, until a line comes on the standard input.

`python -m bench.guessing PORT HOW_MANY`. It says « begun » when all of them try, and at the end how many passwords were tried.
"""

import os
import secrets
import sys
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
django.setup()

from stress.slow import people  # noqa: E402

from bench.load import Browser  # noqa: E402


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    over, tried = threading.Event(), [0] * count
    begun = threading.Barrier(count + 1)
    strangers = [Browser(port, person, 1000 + rank) for rank, person in enumerate(people(count))]

    def guess(rank: int) -> None:
        begun.wait()
        while not over.is_set():
            strangers[rank].sign_in("faux-mot-de-passe-" + secrets.token_hex(2))
            tried[rank] += 1

    threads = [threading.Thread(target=guess, args=(rank,)) for rank in range(count)]
    for thread in threads:
        thread.start()
    begun.wait()
    print("begun", flush=True)
    sys.stdin.readline()
    over.set()
    for thread in threads:
        thread.join()
    print(sum(tried), flush=True)


if __name__ == "__main__":
    main()
