"""A document is read without a key, on small screens too, and with the keys of any keyboard."""

import io
import re
from functools import cache
from uuid import UUID

from playwright.sync_api import CDPSession, expect
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen import canvas

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file
from tests.journeys.test_treating import opened
from tests.journeys.visitor import OVERFLOW, Visitor

POINTS, LEGIBLE = 10, 9.5  # of a line on the paper; pixels on the screen
# The page's width and height, and the browser's zoom: at 150 % there are two thirds as many pixels, half as large again.
SCREENS = [(1366, 768, 1), (1280, 800, 1), (911, 512, 1.5), (853, 533, 1.5)]
ON_TOP = """(one) => {
  const box = one.getBoundingClientRect();
  return [0.2, 0.8].every((part) => document.elementFromPoint(box.left + 20, box.top + part * box.height) === one);
}"""
AZERTY = {"1": "&", "2": "é", "3": '"', "4": "'", "5": "(", "6": "-", "7": "è", "8": "_", "9": "ç", "0": "à"}


@cache
def paper(pages: int, size: tuple[float, float] = A4) -> bytes:
    """Lines of ten points from top to bottom."""
    written = io.BytesIO()
    drawn = canvas.Canvas(written, pagesize=size, invariant=1)
    for number in range(1, pages + 1):
        drawn.setFont("Helvetica", POINTS)
        for line in range(int(size[1] - 100) // 14):
            drawn.drawString(
                50, size[1] - 50 - 14 * line, f"Page {number}, ligne {line} : 25,00 € de base, 17,50 € rendus"
            )
        drawn.showPage()
    drawn.save()
    return written.getvalue()


def take_long_and_wide(visit: Visit, member: Person, *, name: str) -> tuple[Visitor, str, str]:
    """The member sends twelve pages of A4, and one that lies; an agent takes both in hand. Their addresses."""
    at_home = visit("desktop").enter(member)
    at_home.open("/adherent/documents/envoyer/").choose_kind("Ordonnance")
    papers = [file("long.pdf", paper(12)), file("large.pdf", paper(1, landscape(A4)))]
    at_home.page.get_by_label("Choisir des fichiers").set_input_files(papers)
    at_home.click("Envoyer 2 documents")
    expect(at_home.title).to_have_text("C’est bien arrivé", timeout=90_000)
    agent = visit("desktop")
    enter_as_agent(agent, f"{name.lower()}.loupe@mese.example", name=f"{name} Loupe")
    waiting = (
        "SELECT document_id FROM casework_item JOIN vault_document ON vault_document.id = document_id"
        " JOIN members_member ON members_member.id = vault_document.member_id WHERE number = ? ORDER BY page_count DESC"
    )

    def both() -> list[tuple[str]]:
        rows = agent.portal.sql(waiting, member.number)
        return rows if len(rows) == 2 else []

    rows = agent.until(both, "both documents wait")
    long, wide = [f"/gestion/traiter/{UUID(document)}/" for (document,) in rows]
    for address in (wide, long):
        agent.open(address).keys.press("p")
        expect(agent.main.get_by_role("button", name="Accepter", exact=True)).to_be_visible()
    return agent, long, wide


def height_of_a_line(agent: Visitor, width_in_points: float) -> float:
    """In pixels of the screen, of a line of ten points on this paper."""
    box = agent.main.locator(".page-image").bounding_box()
    assert box
    return POINTS * box["width"] / width_in_points


def in_sight(agent: Visitor, name: str) -> bool:
    box = agent.main.get_by_role("button", name=name, exact=True).bounding_box()
    assert box
    return box["y"] >= 0 and box["y"] + box["height"] <= agent.page.viewport_size["height"]  # type: ignore[index]


def on_page(agent: Visitor, number: int) -> None:
    expect(agent.main.get_by_role("region", name=f"Page {number} sur 12")).to_be_visible()


def scrolled(agent: Visitor) -> tuple[int, int]:
    pane = agent.main.locator(".viewer-page")
    down, across = pane.evaluate("(one) => [one.scrollTop, one.scrollLeft]")
    return down, across


def type_azerty(keyboard: CDPSession, key: str, code: str) -> None:
    """A key as a French keyboard gives it: another sign than the one that is printed on an English one."""
    for kind in ("keyDown", "keyUp"):
        text = {"text": key} if kind == "keyDown" else {}
        keyboard.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code, **text})


def test_a_page_is_legible_without_a_key_and_the_decision_is_two_stops_away(
    visit: Visit, member: Person
) -> None:
    agent, long, wide = take_long_and_wide(visit, member, name="Lise")
    page, keys = agent.page, agent.keys
    for width, height, zoom in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        agent.open(long)
        opened(agent)
        assert zoom * height_of_a_line(agent, A4[0]) >= LEGIBLE, width
        assert in_sight(agent, "Accepter"), width
        assert page.evaluate(OVERFLOW) <= 0, width
        agent.open(wide)
        assert zoom * height_of_a_line(agent, A4[1]) >= LEGIBLE, width
    agent.open(f"{long}refuser/")  # at 150 %, the words of a refusal are not under its buttons
    keys.press("1")
    words = agent.field("Ce que l’adhérent lit en français")
    expect(words).to_be_focused()
    assert words.evaluate(ON_TOP)
    page.set_viewport_size({"width": 360, "height": 740})
    agent.open(long)
    box = agent.main.locator(".page-image").bounding_box()
    assert box
    assert box["width"] >= 340
    assert in_sight(agent, "Accepter")
    page.evaluate("scrollTo(0, 600)")
    assert in_sight(agent, "Accepter")
    assert page.evaluate(OVERFLOW) <= 0
    page.set_viewport_size({"width": 1280, "height": 800})

    # where no script runs
    plain = visit("desktop", scripted=False)
    plain.context.add_cookies(agent.context.cookies())  # type: ignore[arg-type]
    plain.open(long)
    assert height_of_a_line(plain, A4[0]) >= LEGIBLE
    plain.main.get_by_label("Page", exact=True).fill("12")
    plain.keys.press("Enter")
    on_page(plain, 12)
    plain.main.get_by_role("button", name="Entière").click()
    on_page(plain, 12)
    expect(plain.main.locator(".zoom-page")).to_be_visible()
    plain.main.get_by_role("button", name="Largeur").click()
    expect(plain.main.locator(".zoom-100")).to_be_visible()

    # from the top of the page
    agent.open(long).look("treat-many-pages")
    keys.press("Tab")
    assert agent.focus() == "Aller à la décision"
    keys.press("Enter")
    keys.press("Tab")
    assert agent.focus().startswith("Accepter")
    assert page.evaluate("scrollY") == 0  # the link leads there, and moves nothing
    # from the page that is read, and from what was decided a moment ago
    agent.main.locator(".viewer-page").focus()
    keys.press("Tab")
    assert agent.focus().startswith("Accepter")
    before = agent.main.get_by_role("button", name="Accepter", exact=True).bounding_box()
    keys.press("a")
    page.wait_for_url(f"**{wide}*")
    page.locator("[data-undo]").wait_for()
    agent.until_drawn()
    assert (
        agent.main.get_by_role("button", name="Accepter", exact=True).bounding_box() == before
    )  # under the pointer still
    keys.press("Tab")
    assert agent.focus() == "Aller à la décision"
    keys.press("Enter")
    keys.press("Tab")
    assert agent.focus().startswith("Accepter")


def test_the_keys_of_a_french_keyboard_scroll_enlarge_and_go_to_a_page(visit: Visit, member: Person) -> None:
    agent, long, _wide = take_long_and_wide(visit, member, name="Ari")
    page, keys = agent.page, agent.keys
    azerty = agent.context.new_cdp_session(page)
    page.set_viewport_size({"width": 1366, "height": 768})
    agent.open(long)
    opened(agent)

    for _ in range(8):  # held down: the browser repeats it
        keys.down("ArrowDown")
    keys.up("ArrowDown")
    assert scrolled(agent)[0] > 300
    keys.press("End")
    down = scrolled(agent)[0]
    keys.press("ArrowDown")
    assert scrolled(agent)[0] == down > 500
    keys.press("Home")
    assert scrolled(agent)[0] == 0
    keys.press("End")
    keys.press("End")
    on_page(agent, 12)
    keys.press("Home")
    on_page(agent, 1)
    keys.down("ArrowRight")
    on_page(agent, 2)
    keys.down("ArrowRight")  # held
    keys.up("ArrowRight")
    on_page(agent, 2)

    for _ in range(3):  # quicker than the pages come
        keys.press("ArrowRight")
    on_page(agent, 5)

    # « page 12 », as it is typed on either keyboard; a number that is too large says so
    keys.type("12")
    on_page(agent, 12)
    keys.type("9")
    on_page(agent, 9)
    for digit in "11":
        type_azerty(azerty, AZERTY[digit], f"Digit{digit}")
    on_page(agent, 11)
    type_azerty(azerty, AZERTY["6"], "Digit6")  # the sign of « reduce », and the key of 6
    on_page(agent, 6)
    keys.type("1")
    keys.press("Enter")
    on_page(agent, 1)
    keys.type("13")
    expect(agent.main).to_contain_text("Ce document a 12 pages.")
    agent.main.get_by_label("Page", exact=True).click(click_count=3)
    for digit in "10":
        type_azerty(azerty, AZERTY[digit], f"Digit{digit}")
    keys.press("Enter")
    on_page(agent, 10)

    # a turn counts for its page, and is there when one comes back
    keys.press("t")
    expect(agent.main.locator("svg.page-image")).to_be_visible()
    keys.press("ArrowRight")
    on_page(agent, 11)
    expect(agent.main.locator("img.page-image")).to_be_visible()
    keys.press("ArrowLeft")
    expect(agent.main.locator("svg.page-image")).to_be_visible()
    keys.type("tt")  # the second one before the first is there
    expect(agent.page).to_have_url(re.compile("=10-270"))

    # how large: the two keys beside 0, with no Shift; kept for the kind
    type_azerty(azerty, "=", "Equal")
    expect(agent.main.locator(".zoom-150")).to_be_visible()
    keys.press("ArrowRight")
    assert scrolled(agent)[1] > 0  # first the hidden side
    on_page(agent, 10)
    agent.open(long)
    expect(agent.main.locator(".zoom-150")).to_be_visible()
    agent.look("treat-enlarged")
    type_azerty(azerty, ")", "Minus")
    expect(agent.main.locator(".zoom-100")).to_be_visible()

    # the loupe shows what is on the screen, and asks for nothing again
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    keys.press("o")
    agent.main.locator(".page-image").hover(position={"x": 200, "y": 200})
    expect(page.locator(".loupe")).to_be_visible()
    page.mouse.move(700, 400)
    expect(page.locator(".loupe")).to_be_visible()
    keys.press("Escape")
    expect(page.locator(".loupe")).to_have_count(0)
    assert asked == []

    keys.press("s")
    expect(agent.main.get_by_role("link", name=re.compile("à vous jusqu’à")).first).to_be_visible()

    # a reason by its unshifted digit, and Ctrl with Enter sends from whatever field
    keys.press("c")
    page.wait_for_url("**/correction/**")
    type_azerty(azerty, AZERTY["1"], "Digit1")
    expect(agent.field("Ce que l’adhérent lit en français")).to_be_focused()
    agent.page.locator("input[name=until]").focus()
    keys.press("Control+Enter")
    page.locator("[data-undo]").wait_for()
    keys.press("m")
    page.wait_for_url("**/transmettre/**")
    page.locator("select").focus()
    keys.press("Control+Enter")
    expect(page.get_by_role("alert").or_(page.get_by_text("Document transmis"))).to_be_visible()
