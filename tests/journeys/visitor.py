"""Somebody in front of the portal: a browser of a size, a language and a scheme, and a sharp eye on each page."""

import gzip
import hashlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Error, Locator, Page, Response, expect

from tests.accessibility import faults_found_by_axe
from tests.cast import PASSWORD, Person
from tests.contrast import pale_words
from tests.journeys.running import PATIENCE, Mail, Portal

Size = Literal["phone", "desktop"]
VIEWPORTS = {"phone": (360, 800), "desktop": (1280, 800)}
MOST_BYTES, MOST_REQUESTS = 60_000, 10
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")

# What a page weighs: itself and all that it loads, compressed, without the documents that it shows or sends.
WEIGHT = """() => {
  const entries = performance.getEntriesByType("resource")
    .filter((entry) => !["/pages/", "/envoyer/fichiers/", "/garder/", "blob:"].some((one) => entry.name.includes(one)));
  return [1 + entries.length, entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0)];
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const words = here.name || here.ariaLabel || here.textContent.trim();
  return [here.tagName, words, outline || style.boxShadow !== "none"];
}"""


class Seen:
    """What was judged already in this run, by whichever of its processes: each has a browser, and one judgement is enough."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_new(self, *mark: str) -> bool:
        """Whether this is the first call with these marks in the run. True: the caller judges it, and no other one does."""
        try:
            (self._folder / hashlib.sha256(repr(mark).encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


@dataclass(frozen=True)
class Keys:
    """The keyboard, once the page's scripts are there to hear it: what is pressed while a page loads is heard by nobody."""

    visitor: "Visitor"

    def press(self, key: str) -> None:
        """It returns once the page to which it leads has begun, as a click does; `page.keyboard` waits for nothing."""
        self.visitor.until_loaded()
        focused = self.visitor.page.locator(":focus")
        (focused if focused.count() else self.visitor.page.locator("body")).first.press(key)

    def type(self, text: str) -> None:
        self.visitor.until_loaded()
        self.visitor.page.keyboard.type(text)

    def down(self, key: str) -> None:
        self.visitor.until_loaded()
        self.visitor.page.keyboard.down(key)

    def up(self, key: str) -> None:
        self.visitor.page.keyboard.up(key)


@dataclass
class Visitor:
    """A person, their browser, and what went wrong in it."""

    portal: Portal
    context: BrowserContext
    page: Page
    size: Size
    scheme: str
    language: str
    scripted: bool
    seen: Seen
    faults: list[str] = field(default_factory=list)
    refusals_expected: set[int] = field(default_factory=set)
    asked_before_leaving: int = 0
    poses: bool = False  # for the pictures of the documentation: nothing is judged on the way

    def __post_init__(self) -> None:
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("response", self._read)
        self.page.on("dialog", self._leave_anyway)
        self.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.portal.base, "data:", "blob:"))
                else self.faults.append(f"a third party was asked: {request.url}")
            ),
        )

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if "Failed to load resource" in message.text:  # `_read` judges statuses
            return
        if message.text == "Service Worker registration blocked by Playwright":  # as the fixture wants it
            return
        self.faults.append(f"console: {message.text}")

    def _leave_anyway(self, dialog: Dialog) -> None:
        """The browser asks before it leaves a page where something is ready and not sent."""
        self.asked_before_leaving += 1
        dialog.accept()

    def _read(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals_expected:
            self.faults.append(f"{response.status}: {response.url}")

    def expecting(self, *statuses: int) -> "Visitor":
        """From now on these statuses are what the journey wants to see."""
        self.refusals_expected = set(statuses)
        return self

    # What a person does

    def open(self, path: str = "/") -> "Visitor":
        self.page.goto(path if path.startswith("http") else f"{self.portal.base}{path}")
        return self

    def field(self, label: str) -> Locator:
        """The input with this label."""
        inputs = self.page.locator("input:not([type=hidden]), select, textarea")
        return inputs.and_(self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*\*?\s*$")))

    def write(self, fields: dict[str, str]) -> "Visitor":
        """Fill the inputs that bear these labels."""
        for label, text in fields.items():
            self.field(label).fill(text)
        return self

    def write_birth_date(self, person: Person) -> "Visitor":
        return self.write(dict(zip(("Jour", "Mois", "Année"), person.birth_day, strict=True)))

    def choose_kind(self, label: str) -> "Visitor":
        """« Quel document ? »."""
        self.page.get_by_role("radio", name=label, exact=True).check()
        return self

    def choose_a_dropped_kind(self) -> "Visitor":
        """One that the insurer's profile lost while the page was open."""
        first = self.page.locator("input[name=kind]").first
        first.evaluate("(radio) => { radio.value = 'perdu'; }")
        first.check()
        return self

    def click(self, name: str) -> "Visitor":
        """Press the button, or follow the link, that says so."""
        main = self.page.get_by_role("main")
        button, link = (main.get_by_role(role, name=name, exact=True) for role in ("button", "link"))
        expect(button.or_(link).first).to_be_attached()  # of a page that still comes, neither is there
        self.until_parsed()
        (button if button.count() else link).first.click()
        return self

    def click_containing(self, words: str) -> "Visitor":
        """Follow the link that has these words among others (a key, an icon)."""
        self.page.get_by_role("main").get_by_role("link").filter(has_text=words).first.click()
        return self

    def choose_in_menu(self, name: str) -> "Visitor":
        """Through the header's menu, unfolded first where it is folded."""
        menu = self.page.get_by_role("navigation", name=re.compile("Menu principal|Main menu"))
        entry = menu.get_by_role("link", name=name, exact=True).or_(
            menu.get_by_role("button", name=name, exact=True)
        )
        self.until_parsed()
        if not entry.is_visible():
            self.page.locator("summary", has_text="Menu").click()
        entry.click()
        return self

    def sign_in(self, person: Person, password: str = PASSWORD) -> "Visitor":
        self.open("/adherent/").write({"N° adhérent": person.number, "Mot de passe": password}).click(
            "Valider"
        )
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
        return self

    def enter(self, person: Person) -> "Visitor":
        """As `sign_in` leaves them, by a session that was begun beside the portal.

        For tests of what comes after signing in: two pages fewer, and no mail about a new device.
        """
        key = self.portal.session_of(person)
        self.context.add_cookies([{"name": "session", "value": key, "url": self.portal.base}])
        self.open("/adherent/")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Bonjour")
        return self

    def answer_the_question(self, wrongly_by: int = 0) -> "Visitor":
        """« Question mathématique »."""
        asked = re.search(r"(\d+) \+ (\d+) =", self.words())
        assert asked
        return self.write({"Question mathématique": str(int(asked[1]) + int(asked[2]) + wrongly_by)})

    def ask_for_a_link(self, person: Person) -> "Visitor":
        """« Mot de passe oublié ? », to its end."""
        self.open("/adherent/mot-de-passe-oublie/").write({"N° Adhérent": person.number})
        self.answer_the_question().click("Valider")
        expect(self.title).to_have_text("Vos paramètres d'accès vous ont été envoyés")
        return self

    def mail(self, person: Person | str, about: str) -> Mail:
        """The mail that arrives."""
        return self.portal.mailbox.take(to=person if isinstance(person, str) else person.email, about=about)

    def until(self, look: Callable[[], Any], what: str, *, again: bool = False) -> Any:
        """What `look` gives, once that is something: for what the worker does. `again`: the page is loaded anew each time."""
        ends, pause = time.monotonic() + PATIENCE, 500 if again else 25
        while not (there := look()):
            assert time.monotonic() < ends, f"{what}: not in {PATIENCE} seconds"
            self.page.wait_for_timeout(pause)
            pause = min(2 * pause, 500)
            if again:
                self.page.reload()
        return there

    def until_loaded(self) -> None:
        """What `wait_for_load_state` says, asked of the page itself: a download that begins while a page loads ends its loading
        without the event that Playwright waits for."""
        self.until(lambda: self._state() == "complete", "the page, loaded")

    def until_parsed(self) -> None:
        """All that the page consists of is there; its pictures and scripts may still come."""
        self.until(lambda: self._state() in {"interactive", "complete"}, "the page, whole")

    def until_drawn(self) -> None:
        """Its pictures too, and what comes lazily of those on the screen. (« networkidle » is said of the page before, too.)"""
        drawn = (
            "() => document.readyState === 'complete' && [...document.images].every((one) => one.complete)"
        )
        self.until(lambda: self._asked(drawn), "the page's pictures")

    def each(self, there: Locator) -> list[Locator]:
        """All of them, once the page is whole: of one that still comes, these are the first ones."""
        self.until_loaded()
        return there.all()

    def _state(self) -> str:
        return str(self._asked("document.readyState"))

    def _asked(self, question: str) -> Any:
        try:
            return self.page.evaluate(question)
        except Error:  # it was asked of a page that is leaving
            return None

    @property
    def keys(self) -> Keys:
        return Keys(self)

    # What a person sees

    @property
    def title(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def words(self) -> str:
        """All that the page says, once it is whole: asked of one that still comes, it is the beginning."""
        self.until_loaded()
        return self.main.inner_text()

    def look(self, name: str) -> "Visitor":
        """Judge the page on the screen, once for each `name` and kind of browser: axe, contrast, width, weight, console."""
        if self.poses or not self.seen.is_new(
            name, self.size, self.scheme, self.language, str(self.scripted)
        ):
            return self
        assert not self.faults, f"{name}: {self.faults}"
        if self.scripted:
            self._measure(name)
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            kind = [part for part in (self.size, self.scheme, self.language) if part not in {"light", "fr"}]
            self.page.screenshot(
                path=Path(SCREENSHOTS) / f"{'-'.join([name.replace(' ', '-'), *kind])}.png", full_page=True
            )
        return self

    def _measure(self, name: str) -> None:
        self.until_loaded()  # its words may be there before its styles
        requests, octets = self.page.evaluate(WEIGHT)
        octets += len(gzip.compress(self.page.content().encode()))  # the proxy compresses the page itself
        assert requests <= MOST_REQUESTS, f"{name}: {requests} requests"
        assert octets <= MOST_BYTES, f"{name}: {octets} octets"
        faults = faults_found_by_axe(self.page, contrast=False)
        assert not faults, f"{name}: {faults}"
        pale = pale_words(self.page)
        assert not pale, f"{name}: {pale}"
        width, height = VIEWPORTS[self.size]
        self.page.set_viewport_size({"width": 320, "height": height})
        assert self.page.evaluate(OVERFLOW) <= 0, f"{name} is too wide: {self.page.evaluate(TOO_WIDE)}"
        self.page.set_viewport_size({"width": width, "height": height})

    def focus(self) -> str:
        """What the keyboard's focus is on, by its words or its name. It must show."""
        tag, words, shows = self.page.evaluate(FOCUS)
        assert shows, f"the focus does not show on {tag} {words!r}"
        return str(words)
