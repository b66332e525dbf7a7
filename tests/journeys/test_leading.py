"""Who leads the desk: the list in another order, kept under a name, taken away as a file."""

from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import UUID

from pikepdf import Pdf
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_reopening import look
from tests.journeys.test_treating import clear, opened, send, until_waiting
from tests.journeys.visitor import Visitor

KIND = "facture_dentaire"


def treat_all(agent: Visitor, count: int) -> None:
    """Accept what this test sent, so that no other one meets it."""
    agent.open(f"/gestion/?kind={KIND}").keys.press("n")
    for _ in range(count):
        before = opened(agent)
        agent.keys.press("a")
        agent.page.wait_for_url(lambda there, before=before: before not in there)


def test_a_responsable_sorts_the_queue_and_takes_it_away(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member)
    clear(visitor, kind=KIND)
    send(visitor, 2, kind="Facture dentaire")
    head = visit("desktop")
    enter_as_agent(head, "odile.ordre@mese.example", name="Odile Ordre", role="responsable")
    until_waiting(head, 2, kind=KIND)

    sorted_by = head.main.locator("[aria-sort]")
    expect(sorted_by).to_have_text("À traiter avant")
    head.main.get_by_role("columnheader", name="Adhérent").get_by_role("link").focus()
    head.keys.press("Enter")
    head.page.wait_for_url(f"**/gestion/?kind={KIND}&sort=member")
    expect(sorted_by).to_have_attribute("aria-sort", "ascending")
    expect(sorted_by).to_have_text("Adhérent")
    head.click("Adhérent")
    head.page.wait_for_url(f"**/gestion/?kind={KIND}&sort=-member")
    expect(sorted_by).to_have_attribute("aria-sort", "descending")
    look(head, "queue-sorted")
    head.field("État").select_option(label="À prendre")
    head.click("Filtrer")
    expect(sorted_by).to_have_attribute("aria-sort", "descending")

    with head.page.expect_download() as taken:
        head.click("Exporter en CSV")
    assert taken.value.suggested_filename.startswith("file-")
    rows = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(";")[1:4] for row in rows[1:]] == [[KIND, "Facture dentaire", member.number]] * 2
    keep_and_share(head)
    what_breaks_tomorrow(head)
    treat_all(head, 2)
    print_the_sheet(head, member)


def keep_and_share(head: Visitor) -> None:
    """The present filter under a name, shared with all, found again, and deleted."""
    head.click("Enregistrer ce filtre").click("Enregistrer")
    expect(head.page.get_by_role("alert")).to_contain_text("Donnez un nom")
    look(head, "filter-unnamed")
    head.write({"Nom du filtre": "Dentaire par nom"}).click("Enregistrer")
    expect(head.main).to_contain_text("Filtre enregistré.")
    chip = head.main.get_by_role("link", name="Dentaire par nom")
    expect(chip).to_have_attribute("aria-current", "true")
    look(head, "queue-chips")
    head.open("/gestion/")
    chip.click()
    head.page.wait_for_url("**sort=-member")
    head.open("/gestion/").click("Gérer vos filtres")
    head.main.get_by_role("button", name="Partager avec tous Dentaire par nom").click()
    expect(head.main).to_contain_text("Filtre partagé avec tous.")
    look(head, "filters")
    head.main.get_by_role("button", name="Supprimer Dentaire par nom").click()
    expect(head.main).to_contain_text("Aucun filtre n’est enregistré.")


def what_breaks_tomorrow(head: Visitor) -> None:
    """What was promised for today is said above the queue, and one click away."""
    today = date.today().isoformat()
    head.portal.sql("UPDATE casework_item SET due_on = ? WHERE kind = ? AND status = 'waiting'", today, KIND)
    head.open("/gestion/").click_containing("dépasseront leur délai demain")
    head.page.wait_for_url("**/gestion/?age=today")
    look(head, "queue-breaking")
    head.click("Alerte du matin")
    expect(head.main).to_contain_text("Vous ne le recevez pas.")
    look(head, "morning-alert-off")
    head.click("Le recevoir")
    expect(head.main).to_contain_text("Vous le recevez.")
    look(head, "morning-alert-on")
    head.click("Ne plus le recevoir")
    expect(head.main).to_contain_text("Vous ne le recevez pas.")


def print_the_sheet(head: Visitor, member: Person) -> None:
    """From a decided document to one page of paper."""
    item = (
        "SELECT document_id FROM casework_item JOIN vault_document ON vault_document.id = document_id"
        " JOIN members_member ON members_member.id = vault_document.member_id WHERE number = ? AND status = 'done'"
    )
    head.until(lambda: len(head.portal.sql(item, member.number)) >= 2, "both are decided for good")
    head.open(f"/gestion/documents/{UUID(head.portal.sql(item, member.number)[-1][0])}/")
    head.click("Fiche à imprimer")
    expect(head.title).to_have_text("Fiche de décision")
    expect(head.main).to_contain_text("par\u00a0: Responsable")
    expect(head.main.get_by_role("button", name="Imprimer")).to_be_visible()
    look(head, "decision-sheet")
    with Pdf.open(BytesIO(head.page.pdf(prefer_css_page_size=True))) as paper:
        [page] = paper.pages
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
