"""Quick hands on a slow line: what is done before the page's script is there, twice, or before the last answer came, counts."""

import re

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.slow_line import Held
from tests.journeys.test_drafts import NEW, TYPED, killed, told
from tests.journeys.test_legible import on_page, take_long_and_wide
from tests.journeys.test_sending import READY, SEND, line
from tests.journeys.test_unsent import ready
from tests.journeys.visitor import Visitor

SCRIPTS = re.compile(r"/static/(ui/(portal|sending)|vault/tus)\.[^/]*js$")


def open_before_its_scripts(visitor: Visitor, path: str) -> Held:
    """The page is there, and its scripts are on their way until they are let go."""
    held = Held(visitor, SCRIPTS)
    visitor.page.goto(f"{visitor.portal.base}{path}", wait_until="commit")
    held.until_there()
    return held


def test_words_typed_before_the_script_is_there_are_kept_and_stay(visit: Visit, member: Person) -> None:
    writer = visit("phone").enter(member)
    held = open_before_its_scripts(writer, NEW)
    writer.field("Votre message").fill(TYPED)
    held.let_go()
    expect(told(writer.page)).to_contain_text("Brouillon gardé")
    writer.open(NEW)
    expect(writer.field("Votre message")).to_have_value(TYPED)


def test_words_typed_before_the_script_is_there_are_not_replaced_by_those_of_a_page_before(
    visit: Visit, member: Person
) -> None:
    """The page before had no network: its words waited in the browser, sealed, for a page that hands them in."""
    writer = visit("phone").enter(member).open(NEW)
    writer.context.set_offline(True)
    writer.field("Votre message").fill("Ce que la page d’avant gardait")
    expect(told(writer.page)).to_contain_text("scellés, dans ce navigateur")
    killed(writer.page)  # it cannot hand them in by itself
    writer.page = writer.context.new_page()
    writer.context.set_offline(False)
    writer.faults.clear()
    held = open_before_its_scripts(writer, NEW)
    writer.field("Votre message").fill(TYPED)
    with writer.page.expect_response(
        lambda answer: answer.url.endswith("/brouillon/") and "scelle" in (answer.request.post_data or "")
    ):
        held.let_go()
    expect(told(writer.page)).to_contain_text("Brouillon gardé")
    expect(writer.field("Votre message")).to_have_value(TYPED)


def test_files_chosen_before_the_script_is_there_go_as_those_after_it(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member)
    held = open_before_its_scripts(visitor, SEND)
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(
        [file("devis.pdf", sheets()), file("rib.jpg", photo())]
    )
    held.let_go()
    for name in ("devis.pdf", "rib.jpg"):
        expect(line(visitor, name)).to_contain_text(READY)
    expect(visitor.page.locator(".files li")).to_have_count(0)  # said once
    visitor.choose_kind("RIB").click("Envoyer 2 documents")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main.locator(".card")).to_have_count(2)


def test_a_save_that_is_late_does_not_arrive_after_the_one_of_a_page_that_is_hidden(
    visit: Visit, member: Person
) -> None:
    writer = visit("desktop").enter(member).open(NEW)
    held = Held(writer, "**/brouillon/")
    writer.field("Votre message").fill("Ma")
    held.until_there()
    writer.field("Votre message").fill(TYPED)
    writer.page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    held.until_there(2)
    late, last = held.routes
    with writer.page.expect_response(lambda answer: answer.request == last.request):
        last.continue_()
    held.routes.remove(last)
    held.let_go()  # the late one, if the page has not stopped it
    writer.page.wait_for_timeout(500)
    expect(told(writer.page)).to_contain_text("Brouillon gardé")
    assert late.request.failure
    writer.open(NEW)
    expect(writer.field("Votre message")).to_have_value(TYPED)


def test_a_line_that_is_taken_back_twice_is_taken_back_once(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").enter(member).open(SEND)
    ready(visitor, "rib.pdf")
    visitor.page.reload()
    held = Held(visitor, "**/envoyer/fichiers/*/")
    take_back = line(visitor, "rib.pdf").get_by_role("button", name="Retirer")
    take_back.click()
    held.until_there()
    take_back.click()
    held.let_go()
    expect(line(visitor, "rib.pdf")).to_have_count(0)
    visitor.page.wait_for_timeout(300)
    assert [route.request.method for route in held.routes] == ["DELETE"]
    expect(visitor.main).to_contain_text("Vos fichiers")


def test_three_quick_turns_are_three_and_two_steps_larger_are_two(visit: Visit, member: Person) -> None:
    agent, long, _wide = take_long_and_wide(visit, member, name="Vive")
    agent.open(long)
    image = agent.main.locator(".page-image")
    held = Held(agent, re.compile(r"turned="))
    for _ in range(3):
        agent.keys.press("t")
    held.until_there()
    held.let_go()
    expect(image.locator("g")).to_have_attribute("transform", re.compile(r"rotate\(270\)"))

    held = Held(agent, "**/zoom/")
    agent.keys.press("+")
    held.until_there()
    agent.keys.press("+")
    agent.keys.press("ArrowRight")  # and a page further, which waits for both
    held.let_go()
    on_page(agent, 2)
    expect(agent.main.locator(".zoom-200")).to_be_visible()
    agent.open(long)
    expect(agent.main.locator(".zoom-200")).to_be_visible()


def test_a_passkey_asked_for_twice_is_asked_for_once(visit: Visit) -> None:
    agent = visit("desktop").open("/gestion/connexion/")
    held = Held(agent, re.compile("passkey|cle|webauthn"))
    for _ in range(2):
        agent.click("Se connecter avec une clé d’accès")
    held.until_there()
    agent.page.wait_for_timeout(300)
    assert len(held.routes) == 1
    held.let_go()


def test_of_two_files_compared_the_last_one_is_spoken_of(visit: Visit) -> None:
    """The first one is the larger: its fingerprint is worked out last."""
    anybody = visit("desktop").open("/verifier/")
    anybody.page.get_by_text("Comparer un fichier que vous avez gardé").click()
    anybody.page.evaluate(
        """() => {
          const digest = crypto.subtle.digest.bind(crypto.subtle);
          window.later = [];
          crypto.subtle.digest = async (name, bytes) => {
            if (bytes.byteLength > 1000) await new Promise((go) => window.later.push(go));
            return digest(name, bytes);
          };
        }"""
    )
    chosen = anybody.page.get_by_label("Le fichier que vous avez gardé")
    chosen.set_input_files(file("grand.pdf", b"a" * 1001))
    chosen.set_input_files(file("petit.pdf", b"a"))
    fingerprint = anybody.field("Empreinte SHA-256 du fichier que vous avez gardé")
    of_the_small_one = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    expect(fingerprint).to_have_value(of_the_small_one)
    anybody.page.evaluate("window.later.map((go) => go())")
    anybody.page.wait_for_timeout(300)
    expect(fingerprint).to_have_value(of_the_small_one)


def test_words_that_come_after_the_form_was_sent_from_another_page_are_not_said_to_be_kept(
    visit: Visit, member: Person
) -> None:
    writer = visit("desktop").enter(member).open(NEW)
    left_open, writer.page = writer.page, writer.context.new_page()
    writer.open(NEW).write({"Objet": "Dents", "Votre message": TYPED}).click("Envoyer le message")
    expect(writer.title).to_have_text("Dents")
    writer.page = left_open
    writer.field("Votre message").fill("Encore un mot")
    expect(told(writer.page)).to_contain_text("Vos mots ne sont plus gardés")
    writer.page.reload()
    writer.field("Votre message").fill("Encore un mot")
    expect(told(writer.page)).to_contain_text("Brouillon gardé")


@pytest.mark.parametrize("press", ["button", "key"])
def test_who_stays_is_heard_of_once_the_network_is_back(visit: Visit, member: Person, press: str) -> None:
    visitor = visit("phone").enter(member)
    visitor.page.clock.install()
    visitor.open(NEW)
    visitor.page.clock.fast_forward("18:30")
    stay = visitor.page.locator("[data-idle-stay]")
    expect(stay).to_be_visible()
    visitor.context.set_offline(True)
    if press == "button":
        stay.click()
    else:
        visitor.field("Objet").fill("D")
    visitor.page.clock.run_for(1_000)
    visitor.faults.clear()
    with visitor.page.expect_response(lambda answer: answer.request.method == "GET"):
        visitor.context.set_offline(False)
    expect(stay).to_be_hidden()
