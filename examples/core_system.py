"""A core system in one page: it follows the portal's events, takes each document over, acknowledges it and decides.

    PORTAL=https://adherents.example.org PORTAL_KEY=… python examples/core_system.py FOLDER [--once]

FOLDER keeps what was taken, and where the reading of the events stands: stop it at any moment, and begin it again.
"""

import os
import sys
from pathlib import Path

from espace_adherents import Decision, Document, Portal, Problem

ENOUGH = 1_000  # octets: a paper that is smaller shows nothing
CLOSED = {"received", "set_aside", "taken_back"}  # whatever else became of it, it is taken over
PASSED = {"not-checked", "set-aside", "gone", "in-hand", "already-decided"}  # another one was faster


def take(portal: Portal, folder: Path, document: Document) -> None:
    """Keep the original under its identifier, then say so: in this order, a crash in between says so the next time."""
    whole, partial = folder / document.id, folder / f"{document.id}.partial"
    if not whole.exists():
        partial.write_bytes(portal.content(document.id))
        partial.replace(whole)
    portal.acknowledge(document.id, reference=whole.name)


def work(portal: Portal, folder: Path, document: Document) -> None:
    """Take it over, and accept what is large enough. The rest is left to the agents, as is what one of them has in hand."""
    try:
        if document.state not in CLOSED:
            take(portal, folder, document)
        if document.state == "checked" and (document.size or 0) >= ENOUGH:
            portal.decide(document.id, Decision(outcome="accept"))
    except Problem as problem:
        if problem.code not in PASSED:
            raise


def follow(portal: Portal, folder: Path, *, once: bool) -> None:
    position = folder / "position"
    if not position.exists():  # what is older than the feed
        for document in portal.documents():
            work(portal, folder, document)
    for piece in portal.follow(position.read_text() if position.exists() else "", ends=once):
        for event in piece.items:
            if event.type == "document.checked":
                work(portal, folder, portal.document(event.subject.removeprefix("document/")))
        position.write_text(piece.next)


def main(folder: Path, *, once: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Portal(os.environ["PORTAL"], key=os.environ["PORTAL_KEY"]) as portal:
        while True:
            try:
                return follow(portal, folder, once=once)
            except Problem as problem:
                if problem.code != "position-gone":
                    raise
            (
                folder / "position"
            ).unlink()  # it was away for too long, or the portal was restored: all of it once more


if __name__ == "__main__":
    main(Path(sys.argv[1]), once="--once" in sys.argv)
