"""Twenty documents treated with the keyboard alone, and the desk's screens in every state."""

import re

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD, Person
from tests.journeys.agents import App, enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.visitor import Visitor

TWENTY = 20


def send(visitor: Visitor, count: int, *, kind: str) -> None:
    """Send this number of documents of two pages in one deposit."""
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind(kind)
    papers = [file(f"rib-{rank}.pdf", sheets()) for rank in range(count)]
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(papers)
    visitor.click(f"Envoyer {count} documents")
    expect(visitor.title).to_have_text("C’est bien arrivé", timeout=90_000)  # twenty files, on a busy machine


def clear(visitor: Visitor, *, kind: str) -> None:
    """What journeys before this one left waiting of a kind waits no more: « Suivant » and lists give what comes now."""
    left = "UPDATE casework_item SET status = 'gone' WHERE kind = ? AND status = 'waiting'"
    visitor.portal.sql(left, kind)


def until_waiting(agent: Visitor, count: int, *, kind: str, alone: bool = True) -> None:
    """Until the worker has drawn their pages and put them into the queue.

    `alone`: nothing else of this kind waits, and « Suivant » gives these. Journeys share a portal with those that ran before
    in the same process, whatever these left in the queue: who takes the next document has a kind of their own.
    """
    waiting = "SELECT count(*) FROM casework_item WHERE kind = ? AND status = 'waiting'"
    agent.until(lambda: agent.portal.sql(waiting, kind)[0][0] >= count, f"{count} documents wait")
    if alone:
        assert agent.portal.sql(waiting, kind) == [(count,)], f"another journey left documents of {kind}"
    agent.open(f"/gestion/?kind={kind}")
    rows = agent.main.locator("table.queue tbody tr")
    expect(rows.nth(count - 1)).to_be_visible()


def sign_in(visitor: Visitor, address: str, app: App) -> None:
    """In any language."""
    for path, fields in (
        ("/gestion/connexion/", {"identifier": address, "password": PASSWORD}),
        ("", {"code": app.code()}),
    ):
        if path:
            visitor.open(path)
        for name, value in fields.items():
            visitor.page.locator(f"input[name={name}]").fill(value)
        with visitor.page.expect_navigation():
            visitor.keys.press("Enter")
    visitor.open("/gestion/?kind=devis")


def opened(agent: Visitor) -> str:
    """The item on the screen, once its page is drawn."""
    agent.page.wait_for_url(re.compile(r"/gestion/traiter/[0-9a-f-]{36}/(\?.*)?$"))
    image = agent.main.get_by_role("img", name=re.compile("page 1"))
    image.evaluate("one => one.decode && one.decode()")
    return agent.page.url.split("/traiter/")[1][:36]


def test_an_agent_treats_twenty_documents_with_the_keyboard_alone(visit: Visit, member: Person) -> None:
    at_home = visit("desktop").enter(member)
    send(at_home, TWENTY, kind="Certificat de scolarité")
    agent = visit("desktop")
    enter_as_agent(agent, "lea.clavier@mese.example", name="Léa Clavier")
    until_waiting(agent, TWENTY, kind="certificat_scolarite")
    agent.look("queue")
    keys = agent.keys
    keys.press("n")
    seen = [opened(agent)]
    agent.look("treat")

    # what the keys do, the document's pages, its turn
    keys.press("?")
    expect(agent.main).to_contain_text("accepter, demander une correction, refuser")
    keys.press("?")
    keys.press("ArrowRight")
    expect(agent.main.get_by_role("region", name="Page 2 sur 2")).to_be_visible()
    keys.press("t")
    expect(agent.main.locator("svg.page-image")).to_be_visible()
    keys.press("ArrowLeft")
    expect(agent.main.get_by_role("region", name="Page 1 sur 2")).to_be_visible()

    for rank in range(1, TWENTY):
        current = seen[-1]
        if rank % 5 == 2:
            keys.press("r")
            agent.page.wait_for_url("**/refuser/**")
            keys.press("1")
            expect(agent.field("Ce que l’adhérent lit en français")).to_be_focused()
            agent.look("refuse")
            if rank == 2:  # a second reason, and its paragraph
                keys.press("Escape")
                keys.press("2")
                expect(agent.main.locator(".reasons [aria-pressed=true]")).to_have_count(2)
                expect(agent.field("Ce que l’adhérent lit en français")).to_be_focused()
                agent.look("refuse-twice")
            keys.press("End")
            keys.type(" Merci.")
            keys.press("Control+Enter")
        elif rank % 5 == 4:
            keys.press("c")
            agent.page.wait_for_url("**/correction/**")
            keys.press("2")
            expect(agent.field("Ce que l’adhérent lit en français")).to_be_focused()
            agent.look("correct")
            keys.press("Control+Enter")
        else:
            keys.press("a")
        agent.page.wait_for_url(lambda address, current=current: current not in address)
        seen.append(opened(agent))
        if rank == 3:
            agent.look("treat-undo")
            assert "Annuler" in agent.page.evaluate("document.activeElement.textContent")
            keys.press("z")
            expect(agent.main).to_contain_text("Décision annulée")
            assert opened(agent) == current
            keys.press("a")
            agent.page.wait_for_url(lambda address, current=current: current not in address)
            assert opened(agent) == seen[-1]
    keys.press("a")
    expect(agent.main).to_contain_text("Rien d’autre n’attend.")
    agent.look("queue-empty")
    assert len(set(seen)) == TWENTY

    # One mail for the whole sending: what is asked for is its news.
    assert "8 documents à renvoyer" in agent.mail(member.email, "Notre réponse pour votre envoi").subject
    decided = (
        "SELECT outcome, count(*) FROM casework_decision JOIN casework_item ON casework_item.id = item_id"
        " WHERE kind = 'certificat_scolarite' AND undone_at IS NULL GROUP BY outcome ORDER BY outcome"
    )
    assert agent.portal.sql(decided) == [("accepted", 12), ("incomplete", 4), ("refused", 4)]
    assert len(agent.portal.sql("SELECT 1 FROM casework_decision WHERE other_reasons <> ''")) == 1


@pytest.mark.parametrize(("size", "scheme", "language"), [("phone", "dark", "fr"), ("desktop", "dark", "en")])
def test_the_desks_screens_are_accessible_in_the_dark_on_a_phone_and_in_english(
    visit: Visit, member: Person, size: str, scheme: str, language: str
) -> None:
    send(visit("desktop").enter(member), 3, kind="Devis")
    supervisor = visit("desktop")
    app = enter_as_agent(supervisor, f"hugo.{size}@mese.example", name="Hugo Renard", role="responsable")
    until_waiting(supervisor, 3, kind="devis", alone=False)
    other = visit(size, scheme=scheme, language=language)
    sign_in(other, f"hugo.{size}@mese.example", app)
    other.look("queue")
    other.page.locator("[data-key=N]").click()
    opened(other)
    other.look("treat")
    for key, name in (("R", "refuse"), ("C", "correct"), ("M", "hand-over")):
        here = other.page.url
        other.page.locator(f"[data-key={key}]").click()
        other.look(f"{name}-reasons" if key != "M" else name)
        if key != "M":
            other.page.locator("[data-key='1']").click()
            other.page.locator("textarea").first.fill("")
            other.page.locator("form:has(textarea) .actions button").click()
            expect(other.page.get_by_role("alert")).to_be_focused()
            other.look(f"{name}-error")
        other.open(here)
    other.page.locator("[data-key=A]").click()
    other.page.locator("[data-undo]").wait_for()
    other.look("treat-undo")
