"""Nothing is cut on the narrowest phones: every page of both sides, in both languages, at 320 and 360 pixels.

Nor is a word broken in two there for who reads in letters twice as large.
"""

from collections.abc import Iterable
from uuid import UUID

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import become_agent, enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.test_every_page import FOR_ALL, FOR_MEMBERS
from tests.journeys.test_home import send
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

# Words that go on in the next line without a hyphen or a space, and labels that are wider than the pill or button around them.
# What is no word (a file's name, an address, a number) may break anywhere.
BROKEN = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const holder = text.parentElement;
    if (!text.data.trim() || !holder.checkVisibility()) continue;
    if (holder.closest(".visually-hidden, .skip, svg, option, template, code, .break, textarea")) continue;
    for (const token of text.data.matchAll(/[^\\s\u00a0\u202f]+/g)) {
      if (token[0].length > 26 || /[@_\\d/]|\\.\\p{L}/u.test(token[0])) continue;
      for (const word of token[0].matchAll(/\\p{L}{2,}/gu)) {
        range.setStart(text, token.index + word.index);
        range.setEnd(text, token.index + word.index + word[0].length);
        const rows = [...range.getClientRects()].filter((box) => box.width > 0).map((box) => Math.round(box.top));
        if (new Set(rows).size > 1) found.push(`broken: ${word[0]} in ${holder.tagName} ${holder.className}`);
      }
    }
  }
  for (const pill of document.querySelectorAll(".badge, .badge-neutral, .button, kbd")) {
    if (!pill.checkVisibility()) continue;
    const box = pill.getBoundingClientRect();
    const parts = document.createTreeWalker(pill, NodeFilter.SHOW_TEXT);
    for (let part = parts.nextNode(); part; part = parts.nextNode()) {
      if (!part.data.trim() || part.parentElement.closest(".visually-hidden")) continue;
      range.selectNodeContents(part);
      const words = range.getBoundingClientRect();
      if (!words.width) continue; // a key's name, where there is no keyboard
      if (words.left < box.left - 1 || words.right > box.right + 1) found.push(`outside of its pill: ${part.data.trim()}`);
    }
  }
  return [...new Set(found)].slice(0, 8);
}"""
LARGE = "(size) => { document.documentElement.style.fontSize = size; }"


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
            # At the last width, 360: no phone on which letters are so large is narrower.
            visitor.page.evaluate(LARGE, "200%")
            if wrong := visitor.page.evaluate(CUT) + visitor.page.evaluate(BROKEN):
                too_wide[f"large {language} {address}"] = wrong
    return too_wide


def test_nothing_is_cut_on_a_members_pages(visit: Visit, member: Person) -> None:
    stranger = visit("phone")
    assert walk(stranger, FOR_ALL.values()) == {}
    stranger.expecting(404)
    assert walk(stranger, ["/nulle-part/"]) == {}
    visitor = visit("phone").enter(member)
    for _ in range(3):
        visitor.open("/adherent/documents/envoyer/")
        visitor.page.locator("input[name=kind][value=attestation_secu]").check()
        visitor.page.locator("#id_files").set_input_files(file("attestation-" + "x" * 60 + ".jpg", photo()))
        visitor.main.locator("button.button-primary").click()
        visitor.page.wait_for_url("**/accuses/**")
    receipt = visitor.page.url.removeprefix(visitor.portal.base)
    for outcome in ("refused", "incomplete"):
        visitor.portal.decide(member, outcome)
    visitor.open("/adherent/documents/")
    links = visitor.each(visitor.main.locator("ul.documents a[href*='/documents/']"))
    documents = [str(link.get_attribute("href")) for link in links][:3]
    pages = [*FOR_MEMBERS.values(), *documents, receipt, "/adherent/messages/nouveau/", "/adherent/messages/"]
    assert walk(visitor, pages) == {}


def test_nothing_is_cut_at_the_desk(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    at_home.open("/adherent/messages/nouveau/").write({"Objet": "Lunettes", "Votre message": "Bonjour"})
    at_home.click("Envoyer le message")
    expect(at_home.title).to_have_text("Lunettes")
    send(at_home, "rib")
    waits = (
        "SELECT i.document_id FROM casework_item i JOIN vault_document d ON d.id = i.document_id"
        " JOIN members_member m ON m.id = d.member_id WHERE m.number = ?"
    )
    document = at_home.until(lambda: at_home.portal.sql(waits, member.number), "the document waits")
    agent = visit("phone")
    become_agent(agent, "zoe.etroite@mese.example", name="Zoé Étroite-Lamontagne", role="administrateur")
    rows = agent.portal.sql("SELECT id FROM members_member WHERE number = ?", member.number)
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
        "/gestion/messages/recherche/",
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
    head = visit("phone")
    enter_as_agent(head, "ines.etroite@mese.example", name="Inès Étroite", role="responsable")
    assert walk(head, ["/gestion/alerte-du-matin/", "/gestion/repartition/", "/gestion/absences/"]) == {}
