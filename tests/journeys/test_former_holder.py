"""The insurer gives a number to somebody else: who had it is out, is told, and gets their documents from the desk."""

import zipfile
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import sheets
from tests.journeys.test_desk import search, send
from tests.journeys.visitor import Visitor
from tests.members.member_file import line_of

HEAD = "hugo.renard@mese.example"


def give_the_number(visitor: Visitor, person: Person) -> None:
    """The insurer's next file has somebody else under this number."""
    other = replace(person, nir13="1680175056001", birth_name="Besson", usage_name="", first_names="Luc",
                    birth_date="1968-01-30", email="")  # fmt: skip
    path = visitor.portal.folder / "members.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(place for place, line in enumerate(lines) if line.startswith(f"{person.number};"))
    lines[at] = ";".join(line_of(other).values()) + "\r\n"
    path.write_text("".join(lines), encoding="utf-8", newline="")
    output = visitor.portal.run("import_members", str(path), "--apply", "--new-person", person.number)
    assert "1 numéros donnés à une autre personne" in output


@pytest.mark.rule("G13")
def test_a_number_is_given_to_somebody_else(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, "releve.pdf", sheets(), kind="Relevé de prestations")
    give_the_number(at_home, member)
    at_home.open("/adherent/documents/")
    expect(at_home.page.get_by_role("button", name="Valider")).to_be_visible()
    mail = at_home.mail(member.email, "Votre n° adhérent a été attribué à une autre personne")
    assert "Vos documents et vos messages sont gardés" in mail.text

    agent = visit("desktop")
    enter_as_agent(agent, HEAD, name="Hugo Renard", role="responsable")
    search(agent, member.number)
    expect(agent.main).to_contain_text("Luc BESSON")
    expect(agent.main).to_contain_text("ancien titulaire")
    agent.look("desk-former-search")
    agent.main.get_by_role("row").filter(has_text="ancien titulaire").get_by_role("link").click()
    expect(agent.main).to_contain_text("donné à une autre personne le")
    agent.look("desk-former-member")
    dossier = agent.page.url
    agent.click("Remettre les documents")
    agent.click("Télécharger le zip")
    expect(agent.page.get_by_role("alert")).to_contain_text("Dites pourquoi")
    agent.look("desk-former-export")
    agent.page.get_by_label("Motif").first.fill("Demande écrite, identité vérifiée au guichet")
    with agent.page.expect_download() as downloading:
        agent.click("Télécharger le zip")
    zipped = zipfile.ZipFile(downloading.value.path())
    assert any(name.endswith("releve.pdf") for name in zipped.namelist())
    agent.open(dossier)
    expect(agent.main).to_contain_text("Demande écrite, identité vérifiée au guichet")
    state = agent.context.storage_state()
    for size, scheme, language in (
        ("phone", "light", "fr"),
        ("phone", "dark", "fr"),
        ("desktop", "dark", "en"),
    ):
        same = visit(size, scheme=scheme, language=language)
        same.context.add_cookies([cookie for cookie in state["cookies"] if cookie["name"] != "langue"])  # type: ignore[arg-type]
        same.open(dossier).look("desk-former-member")
        same.open(dossier + "export/").look("desk-former-export")
