"""The home page in one screen of a phone: a line each for what waits, « Envoyer un document » in sight, nothing told twice."""

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.test_sending import READY, line
from tests.journeys.visitor import Visitor

# What the first screen shows: where the button ends, and where the first of the latest documents begins; and how high it is.
FIRST_SCREEN = """() => {
  const box = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const button = box('main a.button[href$="/documents/envoyer/"]');
  const lines = [...document.querySelectorAll(".line")].map((line) => line.getBoundingClientRect());
  const latest = box("main > h2");
  return {
    scrolled: scrollY, height: innerHeight, top: button.top, bottom: button.bottom, latest: latest.top,
    cards: box("ul.documents")?.bottom ?? 0,
    highest: Math.max(0, ...lines.map((line) => line.height)),
    under: lines.some((line) => line.bottom > button.top + 1 && line.top < button.bottom - 1),
  };
}"""
TWICE_AS_LARGE = 'document.documentElement.style.setProperty("font-size", "200%")'


def judge(visitor: Visitor, state: str) -> None:
    """The button is in the first screen, whole, in both languages; at 360 × 740 all that waits is above it."""
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    for language in ("en", "fr"):
        visitor.context.add_cookies([{"name": "langue", "value": language, "url": visitor.portal.base}])
        visitor.open("/adherent/")
        seen = visitor.page.evaluate(FIRST_SCREEN)
        assert seen["scrolled"] == 0, state
        assert 0 <= seen["top"] < seen["bottom"] <= seen["height"], (state, language, seen)
        assert not seen["under"], (state, language, seen)
        assert seen["latest"] < seen["height"], (state, language, seen)
        assert state == "everything" or seen["cards"] <= seen["height"], (state, language, seen)
        assert seen["highest"] <= 84, (state, language, seen)
        visitor.page.evaluate(TWICE_AS_LARGE)
        seen = visitor.page.evaluate(FIRST_SCREEN)
        assert 0 <= seen["top"] < seen["bottom"] <= seen["height"], ("twice as large", state, language, seen)
    visitor.open("/adherent/").look(f"home-{state}")
    visitor.page.set_viewport_size({"width": 360, "height": 740})


def send(visitor: Visitor, kind: str) -> None:
    visitor.open("/adherent/documents/envoyer/")
    visitor.page.locator(f"input[name=kind][value={kind}]").check()
    visitor.page.locator("#id_files").set_input_files(file("rib.jpg", photo()))
    visitor.main.locator("button.button-primary").click()
    visitor.page.wait_for_url("**/accuses/**")


def test_sending_is_in_sight_whatever_waits_and_each_thing_is_told_once(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member)
    judge(visitor, "nothing")
    for kind in ("attestation_secu", "rib", "rib", "releve_prestations", "rib"):
        send(visitor, kind)
    judge(visitor, "many")
    for outcome in ("refused", "incomplete", "refused", "refused"):
        visitor.portal.decide(member, outcome)
    judge(visitor, "refusals")
    expect(visitor.main.locator(".line")).to_have_count(4)  # the three worst, and where all are
    expect(visitor.main.locator("ul.documents > li")).to_have_count(1)
    visitor.portal.sql(
        "UPDATE accounts_account SET password_changed_at = datetime('now', '-175 days') WHERE identifier = ?",
        member.number,
    )
    visitor.open("/adherent/documents/envoyer/")
    visitor.page.locator("#id_files").set_input_files(file("a-finir.jpg", photo()))
    expect(line(visitor, "a-finir.jpg")).to_contain_text(READY)  # only what has arrived waits to be ended
    judge(visitor, "everything")
    words = " ".join(
        visitor.page.locator("body").inner_text().split()
    )  # a space that does not break is a space
    for told, times in (
        ("Refusé : RIB", 3),
        ("À compléter : RIB", 0),
        ("Envoi à terminer", 1),
        ("Mot de passe à renouveler", 0),
        ("Dans 5 jours", 1),
    ):
        assert words.count(told) == times, words


def test_a_line_leads_to_the_page_that_is_set_without_javascript_too(visit: Visit, member: Person) -> None:
    visitor = visit("phone", scripted=False).enter(member)
    send(visitor, "rib")
    visitor.portal.decide(member, "refused")
    visitor.open("/adherent/").click_containing("Refusé")
    expect(visitor.title).to_have_text("Envoyer un document")
    expect(visitor.main).to_contain_text("L’IBAN est coupé")
