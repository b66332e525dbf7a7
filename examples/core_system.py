"""A core system in one page: it follows the portal's events, takes each new document over, acknowledges it and decides.

    PORTAL=https://adherents.example.org PORTAL_KEY=… python examples/core_system.py FOLDER [--once]

FOLDER keeps what was taken, and where the reading of the events stands: stop it at any moment, and begin it again.
"""

import os
import sys
from pathlib import Path

from espace_adherents import Decision, Document, Event, Portal, Problem

ENOUGH = 1_000  # octets: a paper that is smaller shows nothing


def take(portal: Portal, folder: Path, document: Document) -> None:
    """Keep the original under its identifier, then say so: in this order, a crash in between takes it once more."""
    content = portal.content(document.id)
    whole, partial = folder / document.id, folder / f"{document.id}.partial"
    partial.write_bytes(content)
    partial.replace(whole)
    portal.acknowledge(document.id, reference=whole.name)


def decide(portal: Portal, document: Document) -> None:
    """Accept what is large enough. The rest is left to the agents, and so is what one of them has in hand."""
    if document.state != "checked" or (document.size or 0) < ENOUGH:
        return
    try:
        portal.decide(document.id, Decision(outcome="accept"))
    except Problem as problem:
        if problem.code not in {"in-hand", "already-decided"}:
            raise


def work(portal: Portal, folder: Path, event: Event) -> None:
    if event.type == "document.checked":
        document = portal.document(event.subject.removeprefix("document/"))
        if document.state in {"checked", "in_progress"}:
            take(portal, folder, document)
            decide(portal, document)


def main(folder: Path, *, once: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    position = folder / "position"
    after = position.read_text() if position.exists() else ""
    with Portal(os.environ["PORTAL"], key=os.environ["PORTAL_KEY"]) as portal:
        for piece in portal.follow(after, ends=once):
            for event in piece.items:
                work(portal, folder, event)
            position.write_text(piece.next)


if __name__ == "__main__":
    main(Path(sys.argv[1]), once="--once" in sys.argv)
