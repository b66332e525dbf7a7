"""The agent: invited, at the desk, before a member's document; an address changed, a lock ended, a link sent."""

import pytest
from playwright.sync_api import expect

from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.journeys.agents import become_agent, sign_in_at_the_desk
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, sheets
from tests.journeys.visitor import Visitor

AGENT = "claire.morel@mese.example"


@pytest.mark.rule("G10")
@pytest.mark.rule("G11")
@pytest.mark.rule("G13")
def test_an_agent_opens_what_a_member_sent_and_mends_the_account(visit: Visit, member: Person) -> None:
    at_home = visit("phone").enter(member)
    send(at_home, "releve.pdf", sheets(), kind="Relevé de prestations")
    lock(visit("phone"), member)

    agent = visit("desktop")
    app = become_agent(agent, AGENT, name="Claire Morel")
    agent.look("desk")
    agent.page.get_by_role("button", name="Se déconnecter").click()
    expect(agent.page.get_by_role("textbox", name="Adresse e-mail")).to_be_visible()
    sign_in_at_the_desk(agent, AGENT, app)

    search(agent, "lheritier mull")  # neither accents nor hyphens nor apostrophes matter
    expect(agent.title).to_contain_text("L’HÉRITIER-MÜLLER")
    search(agent, "Dupont")
    expect(agent.title).to_have_text("50 adhérents trouvés")
    agent.look("desk-search")
    search(agent, "personne de ce nom")
    expect(agent.title).to_have_text("Personne n’a été trouvé")
    agent.look("desk-nobody")
    for words in (member.email, member.number):  # they name one member: the file opens by itself
        search(agent, words)
        expect(agent.main).to_contain_text(member.email)
    expect(agent.main.get_by_role("link").filter(has_text="Mettre fin au blocage")).to_be_visible()
    expect(agent.main).not_to_contain_text(member.nir13[3:10])
    agent.look("desk-member")
    dossier = agent.page.url

    until_drawn(agent, "Relevé de prestations")
    expect(agent.main.get_by_role("region", name="Page 1 sur 2")).to_be_visible()
    image = agent.main.get_by_role("img", name="Relevé de prestations, page 1 : image")
    assert image.evaluate("one => one.decode().then(() => one.naturalWidth)") > 500
    assert image.evaluate("one => fetch(one.src).then((got) => got.headers.get('Content-Type'))").startswith(
        "image/"
    )
    agent.look("desk-document")
    agent.keys.press("ArrowRight")
    expect(agent.main.get_by_role("region", name="Page 2 sur 2")).to_be_visible()

    agent.open(dossier).click_containing("Changer l’adresse e-mail")
    agent.click("Changer l’adresse")
    expect(agent.page.get_by_role("alert")).to_contain_text("Dites pourquoi")
    agent.look("desk-change-email")
    new = f"new.{member.email}"
    agent.write({"Nouvelle adresse e-mail": new, "Motif": "L’adhérent a appelé"}).click("Changer l’adresse")
    expect(agent.main).to_contain_text(new)
    agent.mail(member.email, "L’adresse e-mail de votre compte a été modifiée")
    agent.mail(new, "Cette adresse e-mail est maintenant celle de votre compte")

    agent.click_containing("Mettre fin au blocage")
    agent.look("desk-end-lock").write({"Motif": "L’adhérent a appelé"}).click("Mettre fin au blocage")
    agent.mail(new, "Votre compte n’est plus bloqué")

    agent.click_containing("Renvoyer le lien de mot de passe")
    agent.look("desk-send-link").write({"Motif": "L’adhérent a appelé"}).click("Envoyer le lien")
    mail = agent.mail(new, "Création de votre mot de passe")
    expect(agent.main).to_contain_text("L’adhérent a appelé")
    agent.look("desk-member-afterwards")

    elsewhere = visit("phone").open(mail.link).write_birth_date(member)
    elsewhere.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD})
    elsewhere.click("Valider")
    expect(elsewhere.title).to_have_text("Votre mot de passe a bien été enregistré.")
    elsewhere.sign_in(member, NEW_PASSWORD).open("/adherent/donnees-personnelles/historique/")
    expect(elsewhere.main).to_contain_text("Un conseiller a consulté")
    assert agent.portal.sql(
        "SELECT count(*) FROM journal_entry WHERE actor LIKE 'agent:%' AND details LIKE '%a appel%'"
    ) >= [(3,)]


def test_an_agent_who_is_invited_and_has_set_no_password_opens_nothing(visit: Visit) -> None:
    visitor = visit("desktop")
    visitor.portal.run("create_agent", "paul.audit@mese.example", "--role", "auditeur")
    visitor.mail("paul.audit@mese.example", "Votre accès au poste de gestion")
    visitor.open("/gestion/")
    expect(visitor.page.get_by_role("textbox", name="Adresse e-mail")).to_be_visible()
    visitor.write({"Adresse e-mail": "paul.audit@mese.example", "Mot de passe": PASSWORD}).click(
        "Se connecter"
    )
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.look("agent-refused")


def send(visitor: Visitor, name: str, content: bytes, *, kind: str) -> None:
    """One paper."""
    visitor.open("/adherent/documents/envoyer/")
    visitor.choose_kind(kind)
    visitor.page.get_by_label("Choisir des fichiers").set_input_files(file(name, content))
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")


def lock(stranger: Visitor, person: Person) -> None:
    """Type five wrong passwords, in an unknown browser."""
    for number in range(5):
        stranger.open("/adherent/").write(
            {"N° adhérent": person.number, "Mot de passe": f"Faux-{number}-faux"}
        )
        stranger.click("Valider")
    expect(stranger.title).to_have_text("Ce compte est bloqué")


def search(agent: Visitor, words: str) -> None:
    agent.keys.press("/")
    box = agent.page.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill(words)
    box.press("Enter")
    agent.until_loaded()


def until_drawn(agent: Visitor, kind: str) -> None:
    """Open the document, again until the worker has drawn its pages."""
    agent.main.get_by_role("link").filter(has_text=kind).first.click()
    agent.until(agent.main.get_by_role("img", name=kind).count, "the pages are drawn", again=True)
