"""Thousands of calls that schemathesis makes from the API's own description, alone and in chains, on a portal that runs."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.api.exploring import Found, Known, explore
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS

from stress.portal import StressedPortal

PHASES = ("coverage", "fuzzing", "stateful")
LEAST_CALLS = 5000
EXAMPLES = 60  # a route, a phase and a round
MOST_ROUNDS = 12
PEOPLE = [CAMILLE, JEAN_FRANCOIS, EVE]


class CalledPortal(StressedPortal):
    inside = "api"


def proofs() -> Iterator[dict[str, Any]]:
    yield explored()


def explored(*, least: int = LEAST_CALLS, most_rounds: int = MOST_ROUNDS) -> dict[str, Any]:
    """Rounds, each from another seed, until enough calls were made."""
    began, found, rounds = time.monotonic(), Found(), 0
    with tempfile.TemporaryDirectory(prefix="adherents-api-") as folder:
        portal = CalledPortal(Path(folder))
        try:
            portal.start(PEOPLE, with_account=PEOPLE, worker=False)
            known = Known(**portal.ask("prepare", 3))
            while rounds < most_rounds and (found.calls < least or not rounds):
                rounds += 1
                some = explore(
                    known, f"http://127.0.0.1:{portal.port}", most=EXAMPLES, phases=PHASES, seed=rounds
                )
                found.add(some)
            found.wrong += portal.ask("wrong")
        finally:
            portal.stop()
    if found.calls < least:
        found.wrong.append(f"{found.calls} calls in {rounds} rounds")
    if broken := sum(count for status, count in found.statuses.items() if status >= 500 or not status):
        found.wrong.append(f"{broken} calls were answered by an error, or not at all")
    return {
        "proof": "api",
        "calls": found.calls,
        "chains": found.chains,
        "rounds": rounds,
        "statuses": {str(status): count for status, count in sorted(found.statuses.items())},
        "seconds": round(time.monotonic() - began, 1),
        "wrong": found.wrong[:20],
    }
