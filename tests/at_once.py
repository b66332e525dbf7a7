"""Many acts at once, each thread with its own connection to the database, and what came of them."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

AT_ONCE = 12  # connections; a hundred tries share them


def at_once(acts: list[Callable[[], object]], threads: int = AT_ONCE) -> list[object]:
    """Run every act, `threads` at a time, each thread with its own connection. Returns what each returned, or its refusal.

    Any other error (a deadlock, a parameter that is gone) is raised: taken for a refusal, it would decide who won.
    """
    start = threading.Barrier(min(threads, len(acts)))
    local = threading.local()

    def run(act: Callable[[], object]) -> object:
        if not getattr(local, "started", False):
            local.started = True
            start.wait(timeout=20)
        try:
            return act()
        except Exception as error:
            if not type(error).__module__.startswith("adherents."):
                raise
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(min(threads, len(acts))) as pool:
        return list(pool.map(run, acts))


def kinds(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)
