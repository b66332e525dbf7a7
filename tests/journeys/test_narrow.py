"""Nothing is cut on the narrowest phones: every page of both sides, in both languages, at 320 and 360 pixels."""

from collections.abc import Iterable
from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import become_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.test_every_page import FOR_ALL, FOR_MEMBERS
from tests.journeys.visitor import Visitor

WIDTHS = (320, 360)
LANGUAGES = ("fr", "en")
# Text that no scrolling brings to sight: past the page's edge, or hidden by the box that holds it.
CUT = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const scrolls = (one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
  const hides = (one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX);
  const found = [];
  if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const holder = text.parentElement;
    if (!text.data.trim() || !holder.checkVisibility()) continue;
    if (holder.closest(".visually-hidden, .skip, svg, option, template")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    let held = true;
    for (let one = holder; one && one !== document.body; one = one.parentElement) {
      if (scrolls(one)) { held = false; break; }
      const edges = one.getBoundingClientRect();
      if (hides(one) && (box.right > edges.right + 1 || box.left < edges.left - 1)) found.push(`hidden: ${text.data.trim()}`);
    }
    if (held && (box.right > wide || box.left < -1)) found.push(`past the edge: ${text.data.trim()}`);
  }
  return found.slice(0, 5);
}"""
FIRST_SCREEN = """() => {
  const button = document.querySelector('main a.button[href$="/documents/envoyer/"]');
  const box = button.getBoundingClientRect();
  return [box.top >= 0, Math.round(box.bottom), scrollY];
}"""


def walk(visitor: Visitor, addresses: Iterable[str]) -> dict[str, list[str]]:
    """What is cut on each page, by width, language and address."""
    too_wide: dict[str, list[str]] = {}
    for address in addresses:
        for language in LANGUAGES:
            cookie = {"name": "langue", "value": language, "url": visitor.portal.base}
            visitor.context.add_cookies([cookie])  # type: ignore[list-item]
            visitor.open(address)
            for width in WIDTHS:
                visitor.page.set_viewport_size({"width": width, "height": 640})
                if cut := visitor.page.evaluate(CUT):
                    too_wide[f"{width} {language} {address}"] = cut
    return too_wide


def test_nothing_is_cut_on_a_members_pages(visit: Visit, member: Person) -> None:
    stranger = visit("phone")
    assert walk(stranger, FOR_ALL.values()) == {}
    stranger.expecting(404)
    assert walk(stranger, ["/nulle-part/"]) == {}
    visitor = visit("phone").enter(member)
    for _ in range(3):
        visitor.open("/adherent/documents/envoyer/")
        visitor.page.locator("select[name=kind]").select_option("attestation_secu")
        visitor.page.locator("#id_files").set_input_files(file("attestation-" + "x" * 60 + ".jpg", photo()))
        visitor.main.locator("button.button-primary").click()
        visitor.page.wait_for_url("**/accuses/**")
    receipt = visitor.page.url.removeprefix(visitor.portal.base)
    for outcome in ("refused", "incomplete"):
        visitor.portal.decide(member, outcome)
    visitor.open("/adherent/documents/")
    links = visitor.main.locator("ul.documents a[href*='/documents/']").all()
    documents = [str(link.get_attribute("href")) for link in links][:3]
    pages = [*FOR_MEMBERS.values(), *documents, receipt, "/adherent/messages/nouveau/", "/adherent/messages/"]
    assert walk(visitor, pages) == {}


def test_sending_stays_in_the_first_screen_of_home_with_several_refusals_each_told_once(
    visit: Visit, member: Person
) -> None:
    visitor = visit("phone").enter(member)
    for _ in range(3):
        visitor.open("/adherent/documents/envoyer/")
        visitor.page.locator("select[name=kind]").select_option("rib")
        visitor.page.locator("#id_files").set_input_files(file("rib.jpg", photo()))
        visitor.main.locator("button.button-primary").click()
        visitor.page.wait_for_url("**/accuses/**")
        visitor.portal.decide(member, "refused")
    for language in LANGUAGES:
        visitor.context.add_cookies([{"name": "langue", "value": language, "url": visitor.portal.base}])
        visitor.open("/adherent/")
        visitor.page.set_viewport_size({"width": 360, "height": 640})
        seen, bottom, scrolled = visitor.page.evaluate(FIRST_SCREEN)
        assert seen
        assert bottom + scrolled <= 640, bottom
    visitor.context.add_cookies([{"name": "langue", "value": "fr", "url": visitor.portal.base}])
    visitor.open("/adherent/")
    expect(visitor.main.get_by_text("Document refusé : RIB")).to_have_count(3)
    expect(visitor.main.locator("ul.documents")).to_have_count(0)
    visitor.look("home-with-refusals")


def test_nothing_is_cut_at_the_desk(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    at_home.open("/adherent/messages/nouveau/").write({"Objet": "Lunettes", "Votre message": "Bonjour"})
    at_home.click("Envoyer le message")
    agent = visit("phone")
    become_agent(agent, "zoe.etroite@mese.example", name="Zoé Étroite-Lamontagne", role="administrateur")
    rows = agent.portal.sql("SELECT id FROM members_member WHERE number = ?", member.number)
    document = agent.portal.sql("SELECT document_id FROM casework_item LIMIT 1")
    thread = agent.portal.sql("SELECT id FROM messaging_thread ORDER BY opened_at DESC LIMIT 1")
    person = f"/gestion/adherents/{rows[0][0]}/"
    pages = [
        "/gestion/",
        person,
        f"{person}adresse/",
        f"{person}fermeture/",
        f"{person}ecrire/",
        "/gestion/adherents/sans-adresse/",
        "/gestion/adherents/adresse-en-echec/",
        "/gestion/messages/",
        *[f"/gestion/messages/{UUID(thread_id)}/" for (thread_id,) in thread],
        *[f"/gestion/traiter/{UUID(document_id)}/" for (document_id,) in document],
        *[f"/gestion/documents/{UUID(document_id)}/" for (document_id,) in document],
        "/gestion/courriers/",
        "/gestion/agents/",
        "/gestion/agents/inviter/",
        "/gestion/profil/",
        "/gestion/cles/",
        "/gestion/restauration/",
        "/gestion/installation/",
        "/gestion/journal/",
        "/gestion/chiffres/",
        "/compte/securite/",
    ]
    assert walk(agent, [page.replace("//", "/") for page in pages]) == {}
