"""Words read at 7:1 in both schemes for any colours that a profile may have; `Visitor.look` judges every other page in ours."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.contrast import pale_words
from tests.journeys.in_process import change, portal_of_this_process

# The two of our profiles, a blue, and three that hardly pass at the start (4.5:1 on paper).
BRANDS = [("#00693e", "#16241d"), ("#5b2a86", "#1d1926"), ("#1d4ed8", "#111111"), ("#bb3e0b", "#6b6b6b"), ("#9e5d00", "#16241d"),
          ("#717171", "#717171")]  # fmt: skip
# Every element in each of its states, in the page of everybody, of a member and of an agent; and what a visitor sees first.
PAGES = (
    "/galerie/",
    "/galerie/member/",
    "/galerie/agent/",
    "/adherent/",
    "/contact/",
    "/aide/",
    "/hors-ligne/",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_read_at_seven_to_one_whatever_the_profiles_colours(
    chromium: Browser, settings: Any, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme, reduced_motion="reduce", service_workers="block")  # type: ignore[arg-type]
    with portal_of_this_process() as base:
        page = context.new_page()
        for accent, ink in BRANDS:
            change(settings, "brand", accent=accent, ink=ink)
            for address in PAGES:
                page.goto(base + address)
                assert pale_words(page) == [], (accent, address)
        # And it would be seen: one step paler, and there are some.
        page.evaluate("document.documentElement.style.setProperty('--muted', '#767676')")
        assert pale_words(page) != []
    context.close()
