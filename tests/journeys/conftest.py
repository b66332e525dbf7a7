"""One real portal for the whole folder, its people, and browsers of every size."""

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.cast import CAMILLE, EVERYBODY, Person
from tests.chromium import PATIENCE, launch
from tests.journeys.running import ALL_BUT_READING, Portal
from tests.journeys.slow_machine import SLOWED, TIMES_SLOWER
from tests.journeys.visitor import VIEWPORTS, Seen, Size, Visitor

NEWCOMERS, MEMBERS = range(101, 121), range(201, 301)


@pytest.hookimpl(tryfirst=True)  # before the choice of a database reads the mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


def homonym(rank: int) -> Person:
    """Another Camille Dupont of the same day, for the tests that need a member of their own."""
    return replace(
        CAMILLE,
        number=f"702{rank:05d}",
        nir13=f"{CAMILLE.nir13[:10]}{rank:03d}",
        email=f"camille.{rank}@example.org",
    )


logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of each connection


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    running = Portal(tmp_path_factory.mktemp("portal"))
    members = [homonym(rank) for rank in MEMBERS]
    people = [*EVERYBODY, *(homonym(rank) for rank in NEWCOMERS), *members]
    try:
        running.start(people, with_account=members, lanes=ALL_BUT_READING)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def reader(portal: Portal) -> Iterator[None]:
    """For the journeys that are about what was read: `pytest.mark.usefixtures("reader")`."""
    with portal.reading():
        yield


@pytest.fixture(scope="package")
def playwright_of_the_folder() -> Iterator[Playwright]:
    # For the whole folder, not the session: while Playwright's loop runs, Django refuses its database to other tests.
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(playwright_of_the_folder: Playwright) -> Iterator[Browser]:
    browser = launch(playwright_of_the_folder)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def _members() -> Iterator[Person]:
    return map(homonym, MEMBERS)


@pytest.fixture(scope="package")
def _newcomers() -> Iterator[Person]:
    return map(homonym, NEWCOMERS)


@pytest.fixture
def member(_members: Iterator[Person]) -> Person:
    """A member of this test only, with an account (`tests.cast.PASSWORD`)."""
    return next(_members)


@pytest.fixture
def another_member(_members: Iterator[Person]) -> Person:
    return next(_members)


@pytest.fixture
def newcomer(_newcomers: Iterator[Person]) -> Person:
    """A member of this test only, who exists as a line of the insurer's file."""
    return next(_newcomers)


@pytest.fixture(params=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> Size:
    """The test passes on a phone and on a desktop."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="package")
def _seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    here = tmp_path_factory.getbasetemp()
    folder = (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / "seen"
    folder.mkdir(exist_ok=True)
    return Seen(folder)


@pytest.fixture(scope="package")
def _addresses() -> Iterator[str]:
    return (f"198.{18 + number // 250}.{number % 250}.7" for number in itertools.count())


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(portal: Portal, chromium: Browser, _seen: Seen, _addresses: Iterator[str]) -> Iterator[Visit]:
    """Somebody comes with a browser of their own: `visit("phone", scheme="dark", language="en", scripted=False)`."""
    opened: list[tuple[BrowserContext, Visitor]] = []

    def come(
        size: Size = "desktop",
        *,
        scheme: str = "light",
        language: str = "fr",
        scripted: bool = True,
        density: int = 1,
        worker: bool = False,
    ) -> Visitor:
        width, height = VIEWPORTS[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
            is_mobile=size == "phone",
            device_scale_factor=density,
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripted,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
            # The service worker of each new browser would store the same few files again: some tests are about it.
            service_workers="allow" if worker else "block",
            extra_http_headers={"X-Forwarded-For": next(_addresses)},
        )
        context.set_default_timeout(PATIENCE)
        if language != "fr":
            context.add_cookies([{"name": "langue", "value": language, "url": portal.base}])
        visitor = Visitor(portal, context, context.new_page(), size, scheme, language, scripted, _seen)
        if SLOWED:
            visitor.poses = True  # to judge a page gives it time to be whole
            protocol = context.new_cdp_session(visitor.page)
            protocol.send("Emulation.setCPUThrottlingRate", {"rate": TIMES_SLOWER})
        opened.append((context, visitor))
        return visitor

    yield come
    for context, visitor in opened:
        context.close()
        assert not visitor.faults, visitor.faults
