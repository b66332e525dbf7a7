"""On a phone's home screen: Chromium finds it fit to be installed, shows the insurer's page without a network, and keeps
nothing of anybody.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect

from tests import chromium as browsers
from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.in_process import change, portal_of_this_process
from tests.journeys.papers import file, photo
from tests.journeys.running import Portal
from tests.journeys.visitor import Visitor

READY = "navigator.serviceWorker.ready.then((one) => one.active.scriptURL)"
# All that is stored, in whatever cache: its address, and what its bytes say.
STORED = """async () => {
  const all = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) {
      const answer = await (await caches.open(name)).match(request, { ignoreVary: true });
      all.push([name, new URL(request.url).pathname, answer.headers.get("content-type"), await answer.text()]);
    }
  return all;
}"""
# How many caches there are once this one is gone.
AFTER = """async (gone) => {
  for (let looks = 0; looks < 100; looks++) {
    const names = await caches.keys();
    if (!names.includes(gone)) return names.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}"""
PLANTED = "caches.open('planted').then((cache) => cache.put('/adherent/', new Response('Camille')))"
HASHED = re.compile(r"/static/ui/(portal|mark)\.[0-9a-f]{12}\.(css|js|svg)")


def stored(visitor: Visitor) -> list[list[str]]:
    return visitor.page.evaluate(STORED)  # type: ignore[no-any-return]


def assert_nothing_of_anybody(visitor: Visitor, *names: str) -> None:
    """One cache, of the look and the page for who is offline: no page of a member, no form, no name."""
    entries = stored(visitor)
    assert len({cache for cache, *_ in entries}) == 1, entries
    addresses = [address for _, address, *_ in entries]
    assert sorted(addresses) == sorted({"/hors-ligne/", *filter(HASHED.fullmatch, addresses)})
    assert len(addresses) == 4
    for _, address, kind, words in entries:
        if kind.startswith("text/html"):
            assert "<form" not in words, address
        for name in names:
            assert name not in words, address


def test_offline_a_member_reads_the_insurers_page_and_finds_nothing_of_anybody_stored(
    visit: Visit, member: Person
) -> None:
    visitor = visit("phone", worker=True).sign_in(member)
    assert visitor.page.evaluate(READY).endswith("/service-worker.js?language=fr")

    # All of a visit goes through the worker: pages, a form, a file that is sent, one that is downloaded.
    visitor.open("/adherent/documents/envoyer/")
    visitor.page.locator("input[name=kind][value=rib]").check()
    sent = file("rib.jpg", photo())
    visitor.page.locator("#id_files").set_input_files(sent)
    visitor.main.locator("button.button-primary").click()
    visitor.page.wait_for_url("**/accuses/**")
    visitor.open("/adherent/documents/").main.locator("ul.documents a").first.click()
    visitor.page.wait_for_url(re.compile(r"/adherent/documents/[0-9a-f-]{36}/$"))
    here = visitor.page.url
    with visitor.page.expect_download() as download:
        visitor.main.get_by_role("link", name="Télécharger", exact=True).click()
    assert download.value.path().read_bytes() == sent["buffer"]
    assert_nothing_of_anybody(visitor, member.birth_name, member.number)

    visitor.context.set_offline(True)
    visitor.faults.clear()
    for address in (here, "/adherent/", "/contact/"):
        visitor.open(address)
        expect(visitor.title).to_have_text("Pas de connexion")
        assert member.birth_name not in visitor.page.content()
        expect(visitor.page.locator("form")).to_have_count(0)
    assert visitor.page.locator("h1").evaluate("(one) => getComputedStyle(one).fontWeight") == "700"
    elsewhere = visitor.context.new_page()
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):  # the desk and programs get no page of ours
        elsewhere.goto(f"{visitor.portal.base}/gestion/")
    elsewhere.close()
    visitor.faults.clear()  # what could not be fetched is said in the console
    visitor.context.set_offline(False)
    visitor.main.get_by_role("link", name="Réessayer").click()
    expect(visitor.title).to_have_text("Nous contacter")

    # Signing out empties every cache of this address, also one that another script filled.
    visitor.open("/adherent/").page.evaluate(PLANTED)
    assert any(cache == "planted" for cache, *_ in stored(visitor))
    visitor.choose_in_menu("Se déconnecter")
    expect(visitor.title).to_contain_text("déconnecté")
    visitor.page.evaluate(READY)
    assert_nothing_of_anybody(visitor, member.birth_name, member.number)
    visitor.open("/adherent/").page.go_back()
    assert member.birth_name not in visitor.page.content()


def test_a_new_release_takes_the_old_ones_place_and_a_profile_without_worker_leaves_none(
    chromium: Browser, settings: Any
) -> None:
    with portal_of_this_process() as base:
        page = chromium.new_context(locale="fr-FR").new_page()
        page.set_default_timeout(browsers.PATIENCE)
        page.goto(f"{base}/contact/")
        page.evaluate(READY)
        [first] = page.evaluate("caches.keys()")

        change(settings, "contact", phone="01 99 00 12 34")
        page.goto(f"{base}/aide/")
        assert page.evaluate(AFTER, first) == 1
        [[words]] = [[words] for *_, address, _, words in page.evaluate(STORED) if address == "/hors-ligne/"]
        assert "01 99 00 12 34" in words

        change(settings, "home_screen", worker=False)
        page.goto(f"{base}/contact/")
        assert page.evaluate(AFTER, page.evaluate("caches.keys()")[0]) == 0
        assert page.evaluate("navigator.serviceWorker.getRegistrations()") == []
        page.context.close()


def test_chromium_would_install_it(portal: Portal, playwright_of_the_folder: Playwright) -> None:
    """Its own judgement, which only the whole browser has. A browser of a test is a private one, and that is all it says."""
    browser = playwright_of_the_folder.chromium.launch(
        executable_path=browsers.whole_chromium(), args=browsers.ARGUMENTS
    )
    page = browser.new_page()
    page.goto(f"{portal.base}/adherent/")
    asked = page.context.new_cdp_session(page)
    asked.send("Page.enable")
    manifest = asked.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest?language=fr")
    assert manifest["errors"] == []
    faults = asked.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [fault["errorId"] for fault in faults] == ["in-incognito"]
    browser.close()
