"""Who leads the desk reads its figures: plots, the tables behind them, a file."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import photo
from tests.journeys.test_desk import send
from tests.journeys.visitor import VIEWPORTS


def test_a_supervisor_reads_the_figures_their_tables_and_takes_one_away(visit: Visit, member: Person) -> None:
    at_home, supervisor = visit("phone").enter(member), visit("desktop")
    for outcome in ("accepted", "refused"):
        send(at_home, f"{outcome}.jpg", photo(), kind="RIB")
        supervisor.portal.decide(member, outcome)
    send(at_home, "attend.jpg", photo(), kind="RIB")
    for subject in ("Une première question", "Une autre question"):
        at_home.open("/adherent/messages/nouveau/")
        at_home.write({"Objet": subject, "Votre message": "Est-ce pris en charge ?"}).click(
            "Envoyer le message"
        )
        expect(at_home.title).to_have_text(subject)

    enter_as_agent(supervisor, "louis.girard@mese.example", name="Louis Girard", role="responsable")
    supervisor.open("/gestion/messages/")
    supervisor.main.get_by_role("link").filter(has_text="Une première question").first.click()
    answer = supervisor.field("Réponse à l’adhérent")
    answer.fill("Oui, à 60 %.")
    answer.blur()
    supervisor.keys.press("s")
    expect(supervisor.main).to_contain_text("Réponse envoyée.")
    supervisor.page.get_by_role("navigation", name="Gestion").get_by_role("link", name="Chiffres").click()
    expect(supervisor.title).to_have_text("Chiffres")
    expect(supervisor.main.get_by_role("img", name="Décisions par semaine")).to_be_visible()
    expect(
        supervisor.main.get_by_role("img", name="Conversations ouvertes, conversations par semaine")
    ).to_be_visible()
    supervisor.look("figures")

    tables = supervisor.main.get_by_role("table")
    expect(tables).to_have_count(0)  # folded
    for summary in supervisor.each(supervisor.main.locator("summary")):
        summary.focus()
        supervisor.keys.press("Enter")
    expect(supervisor.main.get_by_role("rowheader", name="IBAN incomplet")).to_be_visible()
    supervisor.look("figures-tables")

    with supervisor.page.expect_download() as taken:
        supervisor.page.get_by_role("link", name="CSV : Par type de document").click()
    assert taken.value.suggested_filename.startswith("chiffres-types-")
    assert "RIB;" in Path(taken.value.path()).read_text(encoding="utf-8-sig")

    with supervisor.page.expect_download() as taken:
        supervisor.page.get_by_role(
            "link", name="CSV : Conversations à répondre, par type de document"
        ).click()
    assert re.search(r"^Sans document;\d+;0;", Path(taken.value.path()).read_text("utf-8-sig"), re.MULTILINE)

    supervisor.field("Groupe").select_option(label="Sans groupe")
    supervisor.click("Filtrer")
    expect(supervisor.main.get_by_role("img", name="Décisions par semaine")).to_be_visible()
    width, height = VIEWPORTS["phone"]
    supervisor.size, supervisor.scheme = "phone", "dark"
    supervisor.page.set_viewport_size({"width": width, "height": height})
    supervisor.page.emulate_media(color_scheme="dark")
    supervisor.look("figures").look("figures-tables")
