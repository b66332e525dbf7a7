"""Words that are typed outlive a reload, Back, another language, a network cut, a closed tab and the session's end."""

import re
import uuid
from contextlib import suppress
from urllib.parse import urlencode

from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.cast import PASSWORD, Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo
from tests.journeys.visitor import Visitor

NEW = "/adherent/messages/nouveau/"
TYPED = "Ma couronne en zinc"
STORED = "() => JSON.stringify(Object.entries(localStorage).concat(Object.entries(sessionStorage)))"


def told(page: Page) -> Locator:
    return page.locator("[data-draft-told]").first


def typed_and_kept(visitor: Visitor, label: str, text: str) -> None:
    visitor.field(label).press_sequentially(text)
    expect(told(visitor.page)).to_contain_text("Brouillon gardé")


def killed(page: Page) -> None:
    """As a phone does with a page that it has no room for: the page is told nothing, and can send nothing any more."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
    page.close()


def end_sessions(visitor: Visitor) -> None:
    """As left alone too long, then swept."""
    visitor.portal.sql("DELETE FROM accounts_session")


def test_a_message_outlives_a_reload_back_another_language_and_the_end_of_the_session(
    visit: Visit, member: Person
) -> None:
    writer = visit("phone").enter(member)
    writer.open(NEW)
    body = writer.field("Votre message")
    typed_and_kept(writer, "Votre message", TYPED)
    writer.look("draft-kept")
    body.press_sequentially(", au plus vite")  # and at once:
    writer.page.reload()
    expect(body).to_have_value(f"{TYPED}, au plus vite")
    expect(writer.main).to_contain_text("Ce n’est pas encore envoyé")
    writer.look("draft-again")
    body.press("Control+End")
    body.press_sequentially(" merci")
    writer.open("/adherent/").page.go_back()
    expect(body).to_have_value(f"{TYPED}, au plus vite merci")
    writer.choose_in_menu("English")
    expect(writer.field("Your message")).to_have_value(f"{TYPED}, au plus vite merci")
    writer.choose_in_menu("Français")
    end_sessions(writer)
    body.press("Control+End")
    body.press_sequentially(" !")
    expect(told(writer.page)).to_contain_text("Votre connexion a pris fin")
    writer.write({"Objet": "Dents"}).click("Envoyer le message")
    expect(writer.main).to_contain_text("rien n’a été envoyé")
    writer.look("sign-in-words-kept")
    writer.write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click("Valider")
    expect(body).to_have_value(f"{TYPED}, au plus vite merci !")
    expect(writer.field("Objet")).to_have_value("Dents")
    expect(writer.main).to_contain_text("Ceci n’a pas été envoyé")
    writer.look("draft-unsent").click("Envoyer le message")
    expect(writer.title).to_have_text("Dents")
    writer.open(NEW)
    expect(body).to_have_value("")
    assert (
        writer.page.evaluate("Object.keys(localStorage).filter((name) => name.includes('brouillon'))") == []
    )


def test_words_typed_without_the_network_wait_sealed_and_a_later_page_hands_them_in(
    visit: Visit, member: Person
) -> None:
    writer = visit("phone").enter(member)
    writer.open(NEW)
    writer.context.set_offline(True)
    writer.field("Votre message").press_sequentially(TYPED)
    expect(told(writer.page)).to_contain_text("scellés, dans ce navigateur")
    stored = writer.page.evaluate(STORED)
    assert "adherents-brouillon" in stored
    assert "zinc" not in stored
    killed(writer.page)
    writer.page = writer.context.new_page()
    writer.context.set_offline(False)
    writer.page.clock.install()
    writer.page.route("**/brouillon/", lambda route: route.abort(), times=1)  # the network comes and goes
    with writer.page.expect_event("requestfailed"):
        writer.open(NEW)
    expect(writer.field("Votre message")).to_have_value("")
    writer.page.clock.fast_forward(15_000)
    expect(writer.field("Votre message")).to_have_value(TYPED)
    writer.faults.clear()  # the browser says that it had no network
    assert "brouillon" not in writer.page.evaluate(STORED)


def test_of_two_saves_the_older_one_cannot_arrive_last(visit: Visit, member: Person) -> None:
    writer = visit("desktop").enter(member)
    writer.page.clock.install()
    writer.open(NEW)
    held: list[Route] = []
    writer.page.route("**/brouillon/", lambda route: held.append(route), times=1)
    for words in ("Un", "Un autre", TYPED):
        writer.field("Votre message").fill(words)
        writer.page.clock.fast_forward(3_000)
    writer.until(lambda: held, "the first one leaves")
    held[0].continue_()
    expect(told(writer.page)).to_contain_text("Brouillon gardé")
    last = urlencode({"body": TYPED})
    with writer.page.expect_response(lambda answer: last in (answer.request.post_data or "")):
        writer.page.clock.fast_forward(3_000)
    writer.open(NEW)
    expect(writer.field("Votre message")).to_have_value(TYPED)


def test_signing_out_leaves_no_word_in_the_browser_nor_on_another_page(visit: Visit, member: Person) -> None:
    writer = visit("desktop").enter(member)
    writer.open(NEW)
    first, second = writer.page, writer.context.new_page()
    second.goto(f"{writer.portal.base}{NEW}")
    writer.field("Votre message").press_sequentially(TYPED)
    writer.page = second
    writer.choose_in_menu("Se déconnecter")
    expect(writer.title).to_have_text("Vous êtes déconnecté(e)")
    expect(first.get_by_role("heading", level=1)).to_have_text("Espace Adhérents")
    assert "zinc" not in writer.page.evaluate(STORED)
    first.go_back()
    expect(first.locator("body")).not_to_contain_text(TYPED)
    writer.sign_in(member).open(NEW)
    expect(writer.field("Votre message")).to_have_value(TYPED)


def test_without_the_script_a_message_posted_too_late_comes_back(visit: Visit, member: Person) -> None:
    writer = visit("desktop", scripted=False).enter(member)
    writer.open(NEW).write({"Objet": "Dents", "Votre message": TYPED})
    writer.page.get_by_label("Choisir des fichiers").set_input_files(file("devis.jpg", photo()))
    end_sessions(writer)
    writer.click("Envoyer le message")
    expect(writer.main).to_contain_text("rien n’a été envoyé")
    writer.write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click("Valider")
    expect(writer.field("Votre message")).to_have_value(TYPED)
    expect(writer.main).to_contain_text("joignez-les à nouveau")


def test_a_refusal_being_written_is_there_after_a_reload_and_keeps_its_words_under_another_reason(
    visit: Visit, member: Person
) -> None:
    at_home = visit("desktop").enter(member)
    at_home.open("/adherent/documents/envoyer/")
    at_home.choose_kind("RIB")
    at_home.page.get_by_label("Choisir des fichiers").set_input_files(file("rib.jpg", photo()))
    at_home.click("Envoyer 1 document")
    expect(at_home.title).to_have_text("C’est bien arrivé")
    agent = visit("desktop")
    enter_as_agent(agent, "anne.brouillon@mese.example", name="Anne Brouillon")
    number = at_home.portal.sql("SELECT id FROM vault_document ORDER BY at DESC LIMIT 1")[0][0]
    address = f"/gestion/traiter/{uuid.UUID(number)}/"
    waits = "SELECT 1 FROM casework_item WHERE document_id = ?"
    agent.until(lambda: agent.portal.sql(waits, number), "the document waits")
    agent.open(address)
    with agent.page.expect_navigation():  # its keys are there once it is loaded
        agent.click("Prendre ce document")
    agent.keys.press("r")
    agent.page.wait_for_url("**/refuser/**")
    agent.keys.press("1")
    words = agent.field("Ce que l’adhérent lit en français")
    expect(words).to_be_focused()
    words.fill(TYPED)
    expect(told(agent.page)).to_contain_text("Brouillon gardé")
    agent.page.reload()
    expect(words).to_have_value(TYPED)
    agent.look("refuse-draft")
    words.evaluate("(field) => field.blur()")
    agent.keys.press("2")
    expect(agent.page.locator(".reasons [aria-pressed=true]")).to_have_count(2)
    expect(words).to_have_value(re.compile(rf"^{re.escape(TYPED)}\n\n."))
    agent.look("refuse-draft-another-reason")
    agent.open(address)
    expect(agent.main).to_contain_text("Reprendre le refus commencé")
    agent.look("treat-begun")
