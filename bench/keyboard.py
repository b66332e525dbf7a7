"""An agent's pace: forty documents of twelve sendings, six of them refused, treated by keyboard in a real browser.

Each document is looked at: its first page is there and decoded before the next key. Twice in one run, on one portal: document by
document (`A` alone), and sending by sending (`J` to the next of it, `Maj+A` for all that are left). A refusal is `R`, a reason's
digit, Ctrl and Enter. `before`: what a document and a refusal took before sendings were shown whole, on another machine.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright
from tests.cast import CAMILLE
from tests.chromium import launch
from tests.journeys.agents import enter_as_agent
from tests.journeys.papers import sheets
from tests.journeys.running import Portal
from tests.journeys.test_treating import opened
from tests.journeys.visitor import VIEWPORTS, Seen, Visitor
from tests.vault.tus_client import Phone

SENDINGS = [1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6]
REFUSED = 6
WAITING = "SELECT count(*) FROM casework_item WHERE status = 'waiting'"
DECIDED = "SELECT outcome, count(*) FROM casework_decision WHERE undone_at IS NULL GROUP BY outcome"


@dataclass
class Pace:
    """The strokes of an agent, and the seconds from the sight of what is refused to the sight of what comes next."""

    agent: Visitor
    refused: set[int]  # by their rank, as they come
    rank: int = 0
    strokes: int = 0
    refusing: list[float] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.strokes += key.count("+") + 1  # a key that is held is one too
            self.agent.keys.press(key)

    def see_another(self, *keys: str) -> str:
        """What is on the screen once something else than before is; "" when nothing waits any more."""
        here = self.agent.page.url
        self.press(*keys)
        self.agent.page.wait_for_url(lambda address: address != here and "/refuser/" not in address)
        return opened(self.agent) if "/traiter/" in self.agent.page.url else ""

    def refuse(self) -> str:
        began = time.monotonic()
        self.press("r")
        self.agent.page.wait_for_url("**/refuser/**")
        self.press("1")
        expect(self.agent.field("Ce que l’adhérent lit en français")).to_be_focused()
        item = self.see_another("Control+Enter")
        self.refusing.append(time.monotonic() - began)
        return item

    def accept(self, count: int) -> str:
        return self.see_another("Shift+A" if count > 1 else "a")


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="keyboard-") as folder, sync_playwright() as playwright:
        portal = Portal(Path(folder))
        browser = launch(playwright)
        try:
            portal.start([CAMILLE], with_account=[CAMILLE])
            agent = _agent(browser, portal, Path(folder))
            for whole in (False, True):
                yield _treated(agent, whole=whole)
        finally:
            browser.close()
            portal.stop()


def _agent(browser: Browser, portal: Portal, folder: Path) -> Visitor:
    width, height = VIEWPORTS["desktop"]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR")
    (folder / "seen").mkdir()
    seen = Seen(folder / "seen")
    agent = Visitor(portal, context, context.new_page(), "desktop", "light", "fr", True, seen, poses=True)
    enter_as_agent(agent, "lea.rythme@mese.example", name="Léa Rythme")
    return agent


def _treated(agent: Visitor, *, whole: bool) -> dict[str, Any]:
    phone = Phone(agent.portal)
    for count in SENDINGS:
        phone.begin_another()
        status, _ = phone.deposit([sheets() for _ in range(count)])
        assert status == 302
    agent.until(lambda: agent.portal.sql(WAITING)[0][0] == sum(SENDINGS), "all that was sent waits")
    agent.open("/gestion/")
    before = dict(agent.portal.sql(DECIDED))
    pace = Pace(agent, set(random.Random(15).sample(range(sum(SENDINGS)), REFUSED)))
    began = time.monotonic()
    item = pace.see_another("n")
    for count in SENDINGS if whole else [1] * sum(SENDINGS):
        item = _sending(pace, count)
    seconds = time.monotonic() - began
    assert item == "", "something is left"
    decided = {outcome: number - before.get(outcome, 0) for outcome, number in agent.portal.sql(DECIDED)}
    assert decided == {"accepted": sum(SENDINGS) - REFUSED, "refused": REFUSED}, decided
    return {
        "figure": "forty documents by keyboard",
        "treated": "sending by sending" if whole else "document by document",
        "documents": sum(SENDINGS),
        "sendings": len(SENDINGS),
        "refused": REFUSED,
        "seconds_a_document": round(seconds / sum(SENDINGS), 2),
        "strokes_a_document": round(pace.strokes / sum(SENDINGS), 2),
        "accepting_s": round((seconds - sum(pace.refusing)) / (sum(SENDINGS) - REFUSED), 2),
        "refusing_s": round(median(pace.refusing), 2),
        "before": {"accepting_s": 0.47, "accepting_strokes": 1, "refusing_s": 1.44, "refusing_strokes": 3},
    }


def _sending(pace: Pace, count: int) -> str:
    """Refuse what is to be refused of this sending, from its first document on, and accept the rest at its end by one key."""
    good, item = 0, ""
    for place in range(count):
        is_last, rank = place == count - 1, pace.rank
        pace.rank += 1
        if rank in pace.refused:
            item = pace.refuse()
            continue
        good += 1
        if not is_last:
            item = pace.see_another("j")
        else:
            item, good = pace.accept(good), 0
    return pace.accept(good) if good else item
