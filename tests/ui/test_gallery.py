"""The gallery of elements in a real browser: read by axe, on every width, light and dark, and used."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.accessibility import faults_found_by_axe
from tests.chromium import PATIENCE, launch

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the gallery alone, under the portal's own content security policy."""
    alone = override_settings(
        ROOT_URLCONF="tests.ui.urls",
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=[
            "adherents.config.middleware.response_headers",
            "django.middleware.locale.LocaleMiddleware",
        ],
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with alone:
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        yield f"http://127.0.0.1:{server.port}/galerie/"
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from _page(browser, viewport={"width": 360, "height": 800})


def _page(browser: Browser, **options: Any) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    yield page
    context.close()
    assert refused == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_sticks_out(browser: Browser, address: str, scheme: Any) -> None:
    for page in _page(browser, color_scheme=scheme):
        for shell in ("", "member/", "agent/", "404/", "500/"):
            page.goto(address + shell)
            for width in (320, 360, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (shell, width)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert faults_found_by_axe(page) == "", (shell, width)


def test_text_twice_as_large_still_fits(browser: Browser, address: str) -> None:
    for page in _page(browser, viewport={"width": 640, "height": 800}):
        page.goto(address)
        page.evaluate("document.documentElement.classList.add('visually-doubled')")
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_what_is_pressed_is_large_enough_for_a_finger(page: Page, address: str) -> None:
    page.goto(address)
    small = page.evaluate(
        """[...document.querySelectorAll('button, .button, summary, input:not([type=hidden]), select')]
        .filter((element) => element.checkVisibility() && !element.matches('[type=checkbox], [type=radio]'))
        .filter((element) => element.getBoundingClientRect().height < 43.5)
        .map((element) => element.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_a_page_with_errors_opens_on_their_summary_whose_links_lead_to_the_fields(
    page: Page, address: str
) -> None:
    page.goto(address)
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name=re.compile("31.02.1954")).click()
    expect(page.locator("#id_wrong-birth_date_0")).to_be_focused()


@pytest.mark.rule("G1")
def test_the_eye_shows_the_password_and_hides_it_again(page: Page, address: str) -> None:
    page.goto(address)
    password = page.locator("#empty_password")
    password.fill("Neuf pommes vertes")
    page.get_by_role("button", name="Afficher le mot de passe").first.click()
    expect(password).to_have_attribute("type", "text")
    hide = page.get_by_role("button", name="Masquer le mot de passe")
    expect(hide).to_have_attribute("aria-pressed", "true")
    hide.click()
    expect(password).to_have_attribute("type", "password")


@pytest.mark.rule("G2")
def test_each_rule_of_the_password_ticks_itself_and_is_said_aloud(page: Page, address: str) -> None:
    page.goto(address)
    rules = page.locator('[data-criteria="empty_password"]')
    met = rules.locator("li.met")
    page.locator("#empty_password").press_sequentially("pommes")
    expect(met).to_have_count(1)
    page.locator("#empty_password").press_sequentially(" Vertes 9")
    expect(met).to_have_count(3)
    expect(rules.get_by_role("status")).to_have_text(re.compile(r"3 / 3"))
    page.locator("#empty_password").fill("MAJUSCULES SEULES")
    expect(met).to_have_count(1)


@pytest.mark.rule("G7")
def test_the_birth_date_moves_on_by_itself_and_takes_a_pasted_date(page: Page, address: str) -> None:
    page.goto(address)
    group = page.get_by_role("group", name="Date de naissance").first
    day, month, year = (group.get_by_label(name) for name in ("Jour", "Mois", "Année"))
    day.click()
    page.keyboard.type("03051954")
    assert [part.input_value() for part in (day, month, year)] == ["03", "05", "1954"]
    month.fill("")
    month.press("Backspace")
    expect(day).to_be_focused()
    for part in (day, month, year):
        part.fill("")
    day.evaluate(
        """(input) => {
          const data = new DataTransfer();
          data.setData("text", "3/5/1954");
          const options = { clipboardData: data, bubbles: true, cancelable: true };
          input.dispatchEvent(new ClipboardEvent("paste", options));
        }"""
    )
    assert [part.input_value() for part in (day, month, year)] == ["03", "05", "1954"]


@pytest.mark.rule("G8")
def test_the_nir_spaces_itself_as_on_the_card(page: Page, address: str) -> None:
    page.goto(address)
    nir = page.locator("#empty_nir")
    nir.press_sequentially("185052a00608436")
    expect(nir).to_have_value("1 85 05 2A 006 084 36")
    for _ in range(2):
        nir.press("Backspace")
    expect(nir).to_have_value("1 85 05 2A 006 084")


def test_the_button_says_how_many_documents_it_sends(page: Page, address: str) -> None:
    page.goto(address)
    invoice = {"name": "facture.pdf", "mimeType": "application/pdf", "buffer": b"x" * 5_912_345}
    page.locator("#empty_attached").set_input_files([invoice])  # type: ignore[list-item]
    expect(page.get_by_role("button", name="Envoyer 1 document")).to_be_visible()
    expect(page.locator("#choisis")).to_contain_text("facture.pdf")
    expect(page.locator("#choisis")).to_contain_text(re.compile(r"5,9\sMo"))


def test_a_form_is_sent_once_and_is_ready_again_on_coming_back(page: Page, address: str) -> None:
    sent: list[str] = []
    page.route(
        "**/nulle-part/", lambda route: (sent.append(route.request.method), route.fulfill(status=204))[0]
    )
    page.goto(address)
    page.evaluate("document.querySelector('main form').action = '/nulle-part/'")
    button = page.get_by_role("button", name="Envoyer un document")
    button.dispatch_event("click")
    page.locator("main form .button").first.dispatch_event("click")
    expect(page.get_by_role("button", name="Envoi en cours")).to_be_visible()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(button).to_be_enabled()
    assert sent == ["POST"]
    button.click()
    expect(page.get_by_role("button", name="Envoi en cours")).to_be_visible()
    assert sent == ["POST", "POST"]


def test_a_form_that_another_script_keeps_for_itself_is_not_taken_for_sent(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate(
        """document.querySelector("main form").addEventListener("submit", (event) => {
          event.preventDefault();
          document.title += "!";
        })"""
    )
    for _ in range(2):
        page.get_by_role("button", name="Envoyer un document").click()
    assert page.title().endswith("!!")


def test_a_page_asks_for_few_things_of_little_weight(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    assert len(asked) <= 4
    weight = sum(len(gzip.compress(page.request.get(url).body())) for url in asked)
    assert weight < 30_000


@pytest.mark.parametrize("scripted", [True, False])
def test_the_menu_of_a_phone_opens_without_a_script_too(
    browser: Browser, address: str, scripted: bool
) -> None:
    for page in _page(browser, viewport={"width": 360, "height": 800}, java_script_enabled=scripted):
        page.goto(address.replace("galerie/", "galerie/member/"))
        menu = page.get_by_role("navigation", name="Menu principal")
        expect(menu).to_be_hidden()
        page.locator("summary", has_text="Menu").click()
        expect(menu).to_be_visible()
        if scripted:
            page.keyboard.press("Escape")
            expect(menu).to_be_hidden()


@pytest.mark.parametrize("label", ["N° adhérent", "Définir le mot de passe", "Jour", "N° Sécurité sociale"])
def test_a_field_is_the_only_thing_that_bears_its_label(page: Page, address: str, label: str) -> None:
    page.goto(address)
    form = page.locator("main form", has=page.locator("#empty_number"))
    for exact in (True, False):
        expect(form.get_by_label(label, exact=exact)).to_have_count(1)
    expect(page.locator("aside").get_by_label("N° adhérent")).to_have_count(0)


def test_two_minutes_before_the_session_ends_a_page_warns_and_offers_to_go_on(
    page: Page, address: str
) -> None:
    page.clock.install()
    page.goto(address)
    soon = page.get_by_text("Vous serez déconnecté dans 2 minutes")
    page.clock.run_for("17:50")
    expect(soon).to_be_hidden()
    page.clock.run_for("00:15")
    expect(soon).to_be_visible()
    assert faults_found_by_axe(page) == ""
    with page.expect_response(lambda answer: answer.url == address):
        page.get_by_role("button", name="Rester connecté").click()
    expect(soon).to_be_hidden()
    page.clock.run_for("20:10")
    expect(page.get_by_role("link", name="Se connecter à nouveau")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_proxy_says_in_the_portals_place_is_read_on_every_screen(
    browser: Browser, scheme: Any
) -> None:
    """Where no portal answers: the same page out of nginx's file and of HAProxy's."""
    shipped = Path(__file__).parents[2] / "deploy" / "proxy"
    name = "4f828cdf509fd3849ad7c519dcb7f464"
    pages = {
        re.sub(r"\$named|%\[var\(txn\.named\)\]", name, page)
        for file in ("nginx.conf", "haproxy.cfg")
        for page in re.findall(r"'(<!doctype html>.*?</html>)'", (shipped / file).read_text())
    }
    [said] = pages
    for page in _page(browser, color_scheme=scheme):
        page.set_content(said)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 640})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert faults_found_by_axe(page) == ""
