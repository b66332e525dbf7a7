"""What is ready is not sent yet: said, kept in sight, never mixed with another page's, and sent once whatever happens."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD, Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.slow_line import Held
from tests.journeys.test_drafts import end_sessions
from tests.journeys.test_sending import READY, SEND, choose, line
from tests.journeys.visitor import Visitor

HIDDEN_BY_THE_BAR = """() => {
  const bar = document.querySelector(".send-bar").getBoundingClientRect();
  const here = document.activeElement;
  if (here.closest(".send-bar") || here === document.body) return null;
  const seen = (here.matches('input[type="file"]') ? here.labels[0] : here).getBoundingClientRect();
  const over = getComputedStyle(document.querySelector(".send-bar")).position === "fixed" && seen.bottom > bar.top + 1;
  return over && seen.top < bar.bottom ? here.outerHTML.slice(0, 120) : null;
}"""


def kind(visitor: Visitor, label: str) -> None:
    visitor.choose_kind(label)


def ready(visitor: Visitor, name: str) -> None:
    choose(visitor, file(name, sheets()))
    expect(line(visitor, name)).to_contain_text(READY)


@pytest.mark.parametrize("change", ["gone", "other bytes"])
def test_a_file_that_the_device_no_longer_gives_is_named_and_chosen_again(
    visit: Visit, member: Person, tmp_path: Path, change: str
) -> None:
    """As what a phone offers of a cloud drive: the name is there, the bytes cannot be read once the page wants them."""
    visitor = visit("desktop").enter(member).open(SEND)
    held = Held(visitor)  # the first file does not end: the second one waits its turn
    first, second = tmp_path / "premier.pdf", tmp_path / "nuage.pdf"
    for path in (first, second):
        path.write_bytes(sheets(3))
    visitor.page.get_by_label("Choisir des fichiers").set_input_files([first, second])
    expect(line(visitor, "premier.pdf")).to_have_attribute("data-state", "sending")
    held.until_there()
    if change == "gone":
        second.unlink()
    else:
        second.write_bytes(sheets(40))
    held.let_go()
    expect(line(visitor, "premier.pdf")).to_contain_text(READY)
    expect(line(visitor, "nuage.pdf")).to_contain_text("Votre appareil ne peut plus lire ce fichier")
    visitor.look("sending-unreadable")
    second.write_bytes(sheets(2))
    with visitor.page.expect_file_chooser() as chooser:
        line(visitor, "nuage.pdf").get_by_role("button", name="Choisir à nouveau").click()
    chooser.value.set_files(second)
    expect(line(visitor, "nuage.pdf")).to_have_count(1)
    expect(line(visitor, "nuage.pdf")).to_contain_text(READY)


def test_a_file_that_changes_while_it_goes_arrives_as_it_was_chosen(
    visit: Visit, member: Person, tmp_path: Path
) -> None:
    """It is read once: nothing is asked of the device again."""
    visitor = visit("desktop").enter(member).open(SEND)
    chosen = tmp_path / "nuage.pdf"
    chosen.write_bytes(sheets(3))
    held = Held(visitor)
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(chosen)
    expect(line(visitor, "nuage.pdf")).to_have_attribute("data-state", "sending")
    held.until_there()
    chosen.unlink()
    held.let_go()
    expect(line(visitor, "nuage.pdf")).to_contain_text(READY)


def test_two_tabs_send_each_its_own_files_under_its_own_kind(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").enter(member).open(SEND)
    ready(visitor, "rib.pdf")
    with visitor.page.expect_response("**/garder/**"):  # it is kept, and so shown in the other tab
        kind(visitor, "RIB")
    other = visitor.context.new_page()
    one, visitor.page = visitor.page, other
    visitor.open(SEND)
    expect(visitor.main).to_contain_text("Un autre envoi est commencé")
    expect(visitor.main).to_contain_text("RIB. 1 fichier est prêt et n’est pas encore envoyé.")
    ready(visitor, "facture.pdf")
    kind(visitor, "Facture dentaire")
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main.locator(".card")).to_have_count(1)
    expect(visitor.main).to_contain_text("facture.pdf")
    visitor.page = one
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main.locator(".card h2")).to_have_text(["RIB"])
    expect(visitor.main).to_contain_text("rib.pdf")


def test_leaving_with_something_ready_is_asked_about_and_a_reload_keeps_it(
    visit: Visit, member: Person
) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    visitor.page.locator("#id_kind").focus()
    visitor.open("/adherent/")
    assert visitor.asked_before_leaving == 0, "nothing was chosen"
    visitor.open(SEND)
    ready(visitor, "rib.pdf")
    expect(visitor.page.get_by_text("Rien n’est encore envoyé.")).to_be_visible()
    visitor.page.reload()
    assert visitor.asked_before_leaving == 1
    expect(visitor.main).to_contain_text("1 fichier prêt à envoyer")
    visitor.page.get_by_role("link", name="Mes documents").first.click()
    assert visitor.asked_before_leaving >= 1
    visitor.page.go_back()
    kind(visitor, "RIB")
    before = visitor.asked_before_leaving
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    assert visitor.asked_before_leaving == before, "sending is not leaving"


def test_the_last_step_waits_for_the_network_and_goes_by_itself_once(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    kind(visitor, "RIB")
    ready(visitor, "rib.pdf")
    visitor.context.set_offline(True)
    visitor.click("Envoyer 1 document")
    expect(visitor.main).to_contain_text("Pas de connexion")
    visitor.faults.clear()
    visitor.look("sending-offline")
    visitor.context.set_offline(False)
    expect(visitor.title).to_have_text("C’est bien arrivé")
    visitor.click("Voir mes documents")
    expect(visitor.main.get_by_role("listitem")).to_have_count(1)


def test_an_answer_that_is_lost_makes_no_second_receipt(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    kind(visitor, "RIB")
    ready(visitor, "rib.pdf")
    lost: list[int] = []

    def lose_the_first(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
            return
        lost.append(route.fetch().status)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    visitor.page.route("**/envoyer/?sending=*", lose_the_first)
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    assert lost == [201]
    visitor.faults.clear()
    visitor.click("Voir mes documents")
    expect(visitor.main.get_by_role("listitem")).to_have_count(1)


@pytest.mark.parametrize("more", ["", " et la facture"], ids=["as it was kept", "written on since"])
def test_a_member_who_sends_after_the_end_of_the_session_finds_the_files_and_the_words_again(
    visit: Visit, member: Person, more: str
) -> None:
    """One comes back to the sending that was ready, not to an empty page."""
    visitor = visit("phone").enter(member).open(SEND)
    kind(visitor, "Devis")
    with visitor.page.expect_response("**/garder/**"):
        ready(visitor, "devis.pdf")
    note = visitor.page.get_by_label(re.compile(r"^\s*Un mot pour le conseiller"))
    with visitor.page.expect_response("**/garder/**"):
        note.fill("Mes lunettes")
        note.blur()
    end_sessions(visitor)
    note.press_sequentially(more)
    visitor.click("Envoyer 1 document")
    visitor.write({"N° adhérent": member.number, "Mot de passe": PASSWORD}).click("Valider")
    expect(visitor.page.locator("[data-arrived] .upload")).to_contain_text("devis.pdf")
    expect(visitor.page.get_by_label(re.compile(r"^\s*Un mot pour le conseiller"))).to_have_value(
        f"Mes lunettes{more}"
    )
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main).to_contain_text("Devis")


def signs_in_in_another_tab(visitor: Visitor, person: Person) -> None:
    """As after the end of the session; the first tab is on the screen again."""
    end_sessions(visitor)
    first, visitor.page = visitor.page, visitor.context.new_page()
    visitor.sign_in(person)
    visitor.page.close()
    visitor.page = first


def comes_back_to_this_tab(visitor: Visitor) -> None:
    visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize(
    "step", ["**/envoyer/fichiers/", "**/envoyer/fichiers/*/"], ids=["announced", "sent"]
)
def test_a_file_on_its_way_goes_on_when_the_same_member_signs_in_again_in_another_tab(
    visit: Visit, member: Person, step: str
) -> None:
    """The session is another, and so is the forms' token: the page has the new one, and so has the last step."""
    visitor = visit("desktop").enter(member).open(SEND)
    kind(visitor, "Devis")
    ready(visitor, "devis.pdf")
    held = Held(visitor, step)
    choose(visitor, file("photo.jpg", photo()))
    held.until_there()
    signs_in_in_another_tab(visitor, member)
    visitor.expecting(403)
    held.let_go()
    expect(line(visitor, "photo.jpg")).to_contain_text(READY)
    visitor.expecting()
    signs_in_in_another_tab(visitor, member)
    visitor.expecting(403)
    visitor.field("Un mot pour le conseiller (facultatif)").fill("Mes lunettes")
    visitor.click("Envoyer 2 documents")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main.locator(".card")).to_have_count(2)


def test_a_file_on_its_way_waits_until_its_own_member_is_signed_in_and_never_goes_to_another(
    visit: Visit, member: Person, another_member: Person
) -> None:
    visitor = visit("desktop").enter(member).open(SEND)
    kind(visitor, "RIB")
    held = Held(visitor)
    choose(visitor, file("rib.pdf", sheets()))
    held.until_there()
    visitor.expecting(401, 403)
    end_sessions(visitor)
    held.let_go()
    expect(line(visitor, "rib.pdf")).to_contain_text("Votre session est terminée")
    signs_in_in_another_tab(visitor, another_member)
    comes_back_to_this_tab(visitor)
    expect(line(visitor, "rib.pdf")).to_contain_text("Ce navigateur n’est plus connecté à votre compte")
    assert uploads_of(visitor, another_member) == 0
    signs_in_in_another_tab(visitor, member)
    comes_back_to_this_tab(visitor)
    expect(line(visitor, "rib.pdf")).to_contain_text(READY)
    assert uploads_of(visitor, another_member) == 0
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")


def uploads_of(visitor: Visitor, person: Person) -> int:
    """What was announced by this member, or arrived of them, and is not sent."""
    [(count,)] = visitor.portal.sql(
        "SELECT (SELECT count(*) FROM vault_upload WHERE member_id = members_member.id) + "
        "(SELECT count(*) FROM vault_pendingfile WHERE member_id = members_member.id) "
        "FROM members_member WHERE number = ?",
        person.number,
    )
    return int(count)


@pytest.mark.parametrize("slower", [1, 6])
def test_a_press_while_a_file_arrives_is_never_lost(visit: Visit, member: Person, slower: int) -> None:
    """Whenever it falls: nothing moves under the finger, and what is pressed too early goes by itself."""
    visitor = visit("phone").enter(member)
    session = visitor.context.new_cdp_session(visitor.page)
    for delay in (0, 15, 40, 80, 150, 300):
        visitor.open(SEND)
        kind(visitor, "RIB")
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        visitor.page.get_by_label("Choisir des fichiers").set_input_files(
            [file("a.jpg", photo()), file("b.jpg", photo())]
        )
        visitor.page.wait_for_timeout(delay)
        bar = visitor.page.locator(".send-bar button")
        box = bar.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        visitor.page.mouse.move(x, y)
        visitor.page.mouse.down()
        visitor.page.wait_for_timeout(60)
        visitor.page.mouse.up()
        visitor.page.wait_for_url("**/accuses/**", wait_until="commit", timeout=40_000)
        session.send(
            "Emulation.setCPUThrottlingRate", {"rate": 1}
        )  # the receipt may come as quickly as it likes
        expect(visitor.title).to_have_text("C’est bien arrivé")
        expect(visitor.main.locator(".card")).to_have_count(2)


@pytest.mark.parametrize("viewport", [(320, 640), (640, 400), (360, 800)], ids=str)
def test_the_bar_hides_neither_what_is_focused_nor_the_end_of_the_page(
    visit: Visit, member: Person, viewport: tuple[int, int]
) -> None:
    """WCAG 2.4.11; 640 × 400 is a desktop at 200 %."""
    visitor = visit("desktop").enter(member).open(SEND)
    for name in ("a.pdf", "b.pdf"):
        ready(visitor, name)
    width, height = viewport
    visitor.page.set_viewport_size({"width": width, "height": height})
    visitor.page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    for key in ("Tab", "Shift+Tab"):
        for _ in range(40):
            visitor.keys.press(key)
            assert visitor.page.evaluate(HIDDEN_BY_THE_BAR) is None
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    foot, top = visitor.page.evaluate(
        """() => [document.querySelector("footer").getBoundingClientRect().bottom,
                  document.querySelector(".send-bar").getBoundingClientRect().top]"""
    )
    assert foot <= top + 1 or top < 0 or height == 400


def test_no_request_brings_more_than_a_mebibyte(visit: Visit, member: Person) -> None:
    visitor = visit("desktop").enter(member).open(SEND)
    sizes: list[int] = []
    visitor.page.on(
        "request",
        lambda request: (
            sizes.append(int(request.all_headers()["content-length"])) if request.method == "PATCH" else None
        ),
    )
    heavy = b"%PDF-1.4\n%" + b"x" * 2_500_000 + b"\nstartxref\n0\n%%EOF\n"
    choose(visitor, file("lourd.pdf", heavy))
    expect(line(visitor, "lourd.pdf")).to_contain_text(READY)
    assert sum(sizes) == len(heavy)
    assert max(sizes) == 1 << 20
