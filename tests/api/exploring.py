"""Calls that nobody thought of: schemathesis makes them from the API's own description, and holds each answer to it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

DESCRIPTION = "/api/v1/openapi.json"
# What a description cannot say: a reason of another kind, a cursor of another list, what is gone meanwhile. Nor that a body does
# not come in chunks (411), as one that is empty is sent.
FORESEEN = ["2xx", "304", "400", "401", "403", "404", "409", "410", "411", "412", "413", "422"]


@dataclass
class Found:
    """How many calls were made, in how many chains of several, and what was wrong with which answers."""

    calls: int = 0
    chains: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.calls += other.calls
        self.chains += other.chains
        self.wrong += other.wrong
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count


@dataclass
class Known:
    """What is there: identifiers to put in half of the addresses, so that more than « not found » is answered."""

    key: str
    documents: Sequence[str] = ()
    threads: Sequence[str] = ()
    numbers: Sequence[str] = ()
    receipts: Sequence[str] = ()


@schemathesis.serializer("application/x-ndjson")
def _lines(context: Any, value: Any) -> bytes:
    """A JSON text a line; what is no list is sent as one."""
    lines = value if isinstance(value, list) else [value]
    return b"\n".join(line.encode() if isinstance(line, str) else json.dumps(line).encode() for line in lines)


def explore(known: Known, url: str, *, most: int, phases: Sequence[str], seed: int = 1) -> Found:
    """Of a portal that runs at `url`: at most `most` examples a route and phase."""
    config = SchemathesisConfig.from_dict(_config(known, most, phases, seed))
    schema = schemathesis.openapi.from_url(url + DESCRIPTION, config=config)
    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            _note(event, found)
        elif isinstance(event, events.NonFatalError):
            found.wrong.append(f"{event.label}: {event.value!r}"[:800])
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


def _config(known: Known, most: int, phases: Sequence[str], seed: int) -> dict[str, Any]:
    there = {
        "document_id": known.documents,
        "thread_id": known.threads,
        "number": [*known.numbers, *known.receipts],
    }
    return {
        "seed": seed,
        "headers": {"Authorization": f"Bearer {known.key}"},
        "dictionaries": {name: {"values": list(values)} for name, values in there.items() if values},
        "parameters": {
            f"path.{name}": {"dictionary": name, "probability": 0.6}
            for name, values in there.items()
            if values
        },
        "generation": {"max-examples": most, "deterministic": True, "database": "none"},
        "phases": {
            name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")
        },
        "checks": {"positive_data_acceptance": {"expected-statuses": FORESEEN}},
        # A batch is any text: there is none that its description forbids.
        "operations": [
            {
                "include-name": "POST /api/v1/members/batch",
                "checks": {"negative_data_rejection": {"enabled": False}},
            }
        ],
        "continue-on-failure": True,
    }


def _note(event: Any, found: Found) -> None:
    recorder = event.recorder
    found.calls += len(recorder.interactions)
    found.chains += any(node.parent_id for node in recorder.cases.values())
    for interaction in recorder.interactions.values():
        status = interaction.response.status_code if interaction.response else 0
        found.statuses[status] = found.statuses.get(status, 0) + 1
    for checks in recorder.checks.values():
        for check in checks:
            if check.status is not Status.SUCCESS and check.failure_info is not None:
                failure = check.failure_info.failure
                found.wrong.append(
                    f"{recorder.label} {check.name}: {failure.title}: {failure.message} "
                    f"{json.dumps(check.failure_info.code_sample)}"[:1500]
                )
