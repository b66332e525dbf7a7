"""A slow phone: from the home page to the receipt with a 4 MB photo, at 750 kb/s upwards and a processor four times slower.

Figures: seconds with the photo itself, with the lighter copy that the page offers, and how far the seconds said to be left are
from those that passed. The baseline is the time that the line alone takes for the bytes.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from tests.cast import CAMILLE
from tests.chromium import launch
from tests.journeys.papers import camera_photo
from tests.journeys.running import Portal

UP, DOWN, LATENCY = 750_000 / 8, 1_600_000 / 8, 150  # bytes a second, milliseconds: a phone at the edge of 4G
SLOWER = 4
LEFT = re.compile(r"encore (\d+) seconde")
# Told by the page as it changes: to ask it ten times a second would take the processor of such a phone.
TELL = """() => {
  const state = document.querySelector(".upload-state");
  let last = "";
  new MutationObserver(() => {
    const words = /encore \\d+|prêt|vérification/.exec(state.textContent)?.[0];
    if (words && words !== last) window.told(state.textContent);
    last = words ?? last;
  }).observe(state, { childList: true, characterData: true, subtree: true });
}"""


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="phone-") as folder, sync_playwright() as playwright:
        photo = Path(folder, "IMG_0042.jpg")
        photo.write_bytes(camera_photo())
        portal = Portal(Path(folder))
        browser = launch(playwright)
        try:
            portal.start([CAMILLE], with_account=[CAMILLE])
            for lighter in (True, False):
                yield _sent(browser, portal, photo, lighter=lighter)
        finally:
            browser.close()
            portal.stop()


def _sent(browser: Browser, portal: Portal, photo: Path, *, lighter: bool) -> dict[str, Any]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, locale="fr-FR"
    )
    context.set_default_timeout(120_000)
    context.add_cookies([{"name": "session", "value": portal.session_of(CAMILLE), "url": portal.base}])
    page = context.new_page()
    page.goto(f"{portal.base}/adherent/")
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": UP}
    session.send("Network.emulateNetworkConditions", line)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    began = time.monotonic()
    page.get_by_role("main").get_by_role("link", name="Envoyer un document").click()
    page.locator("#id_photo").wait_for(state="attached")
    page.wait_for_load_state("domcontentloaded")  # nobody's finger is quicker than the page's script
    opened = time.monotonic() - began
    page.get_by_label("Prendre en photo").set_input_files(photo)
    if lighter:
        page.get_by_role("button", name="Envoyer la copie légère").click()
    said: list[tuple[float, int]] = []
    page.expose_function("told", lambda words: _noted(said, words))
    page.evaluate(TELL)
    page.locator(".send-bar button").click()
    page.wait_for_url("**/accuses/**", wait_until="commit")
    page.get_by_role("heading", name="C’est bien arrivé").wait_for()
    seconds = time.monotonic() - began
    assert said[-1][1] == 0, "the page did not say that the file has gone"
    assert lighter or len(said) > 5, "the page did not say how long it would take"
    arrived = said.pop()[0]
    wrong = [abs(left - (arrived - at)) / (arrived - at) for at, left in said if arrived - at > 3]
    sent = portal.sql("SELECT size FROM vault_document ORDER BY at DESC LIMIT 1")[0][0]
    context.close()
    return {
        "figure": "a 4 MB photo from a slow phone",
        "sent": "the lighter copy" if lighter else "the photo",
        "seconds": round(seconds, 1),
        "bar_seconds": 30 if lighter else round(photo.stat().st_size / UP + 3, 1),
        "line_seconds": round(sent / UP, 1),
        "bytes": sent,
        "page_seconds": round(opened, 1),
        "left_wrong_at_most": round(max(wrong, default=0), 2),
        "left_wrong_bar": 0.2,
        "baseline": "the time that the line alone takes for these bytes",
    }


def _noted(said: list[tuple[float, int]], words: str) -> None:
    """When the page said how many seconds were left; 0: the file has gone."""
    match = LEFT.search(words)
    said.append((time.monotonic(), int(match[1]) if match else 0))
