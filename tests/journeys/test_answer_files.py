"""An agent attaches two files to an answer by the keyboard; the member reads it, sees them and gets the very bytes."""

from pathlib import Path

from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.test_desk import search
from tests.journeys.test_reopening import look
from tests.vault.hostile import broken_table


def test_an_agent_attaches_files_to_an_answer_and_the_member_gets_them(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    at_home.open("/adherent/messages/nouveau/")
    at_home.write({"Objet": "Ma couronne", "Votre message": "Combien reste à ma charge ?"})
    at_home.main.locator("form button.button").last.click()
    expect(at_home.title).to_have_text("Ma couronne")
    thread = at_home.page.url

    agent = visit("desktop")
    enter_as_agent(agent, "jade.reponse@mese.example", name="Jade Réponse")
    search(agent, member.number)
    agent.click_containing("Ma couronne")
    expect(agent.main).to_contain_text("Combien reste à ma charge")
    look(agent, "desk-thread-to-answer")
    keys, table, form = agent.keys, sheets(2, "Tableau de garanties"), photo()
    keys.press("j")
    files = agent.page.get_by_label("Joindre des fichiers")
    expect(files).to_be_focused()
    with agent.page.expect_file_chooser() as chooser:
        keys.press("Space")
    chooser.value.set_files([file("garanties.pdf", table), file("formulaire.jpg", form)])
    expect(agent.main).to_contain_text("formulaire.jpg")
    look(agent, "desk-thread-with-files")
    keys.press("Control+Enter")
    expect(agent.page.get_by_role("alert")).to_contain_text("Écrivez votre message")
    expect(agent.main).to_contain_text("Fichiers déjà arrivés")
    look(agent, "desk-thread-files-wait")
    agent.field("Réponse à l’adhérent").focus()
    keys.type("Voici le tableau et le formulaire.")
    keys.press("Control+Enter")
    expect(agent.main).to_contain_text("Réponse envoyée.")
    expect(agent.main).to_contain_text("garanties.pdf")
    agent.until(lambda: "ne le voit pas encore" not in agent.words(), "they are checked", again=True)
    look(agent, "desk-thread-files-sent")

    assert "2 fichiers y sont joints." in at_home.mail(member, "Un message vous attend").text
    at_home.open(thread)
    expect(at_home.main).to_contain_text("Voici le tableau et le formulaire.")
    at_home.look("thread-with-files")
    for name, content in (("garanties.pdf", table), ("formulaire.jpg", form)):
        at_home.open(thread).click(name)
        expect(at_home.title).to_have_text("Pièce jointe")
        with at_home.page.expect_download() as download:
            at_home.click("Télécharger")
        assert download.value.suggested_filename == name
        assert Path(download.value.path()).read_bytes() == content
    at_home.look("document-of-an-answer")

    files.set_input_files(file("abime.pdf", broken_table()))
    agent.field("Réponse à l’adhérent").fill("Et la notice.")
    agent.field("Réponse à l’adhérent").press("Control+Enter")
    expect(agent.main).to_contain_text("Et la notice.")
    agent.until(lambda: "ne le reçoit pas" in agent.words(), "it is set aside", again=True)
    look(agent, "desk-thread-file-set-aside")
    at_home.open(thread)
    expect(at_home.main).to_contain_text("Un fichier n’a pas pu être joint")
    expect(at_home.main).not_to_contain_text("abime.pdf")
    at_home.look("thread-file-not-joined")
