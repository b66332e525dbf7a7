"""The letter: made at the desk for a member without an address, printed, and typed by its reader on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import NEW_PASSWORD, Person
from tests.enrolment.letters import code_in, pages_of
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.test_desk import search
from tests.journeys.visitor import Visitor

AGENT = "odile.marchand@mese.example"
REASON = {"Motif": "L’adhérent a appelé"}


@pytest.mark.rule("G8")
@pytest.mark.rule("G10")
def test_a_letter_opens_an_account_without_any_address(
    visit: Visit, newcomer: Person, member: Person
) -> None:
    agent = visit("desktop")
    enter_as_agent(agent, AGENT, name="Odile Marchand", role="responsable")
    refused = "UPDATE members_member SET email_bounced_at = '2026-11-02 10:00:00' WHERE number = ?"
    agent.portal.sql(refused, member.number)
    lost = "UPDATE members_member SET email = '', email_key = '' WHERE number = ?"
    agent.portal.sql(lost, newcomer.number)

    search(agent, newcomer.number)
    expect(agent.title).to_contain_text("Camille DUPONT")
    agent.look("desk-member-unreachable").click_containing("Préparer un courrier avec un code")
    agent.look("desk-letter").write(REASON).click("Préparer le courrier")
    expect(agent.title).to_have_text("1 courrier est prêt")
    agent.look("desk-letter-ready")
    [page] = pages_of(downloaded(agent, "Télécharger le PDF"))
    assert newcomer.number in "".join(page.split()).replace("\u00a0", "")
    code = code_in(page)

    agent.open("/gestion/adherents/sans-adresse/").look("desk-unreachable")
    agent.open("/gestion/adherents/adresse-en-echec/").look("desk-failing")
    expect(agent.main).to_contain_text(member.email)
    agent.click("Préparer les courriers")
    agent.look("desk-prepare-letters").write({"Motif": "Campagne d’automne"}).click("Préparer les courriers")
    agent.look("desk-letters-being-made")
    until_ready(agent)
    assert len(pages_of(downloaded(agent, "Télécharger le PDF"))) == 1
    assert member.number.encode() in downloaded(agent, "Télécharger la liste (CSV)")
    agent.click("C’est imprimé : détruire")
    expect(agent.title).to_have_text("Ces fichiers sont détruits")
    agent.look("desk-letters-destroyed").open("/gestion/courriers/").look("desk-letter-batches")

    reader = visit("phone").open("/adherent/premiere-connexion/").click("J’ai reçu un code par courrier")
    expect(reader.title).to_have_text("J’ai reçu un code par courrier")
    reader.look("letter-code").click("Valider")
    reader.look("letter-code-empty")
    reader.write({"Code reçu par courrier": code.lower()}).write_birth_date(newcomer)
    reader.write({"Année": "1946"}).click("Valider")
    expect(reader.page.get_by_role("alert")).to_contain_text("n’ouvrent pas d’accès")
    reader.look("letter-code-refused").write({"Année": newcomer.birth_day[2]}).click("Valider")
    expect(reader.title).to_have_text("Création de votre mot de passe")
    address = f"nouvelle.{newcomer.number}@example.org"
    reader.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD})
    reader.write({"Votre adresse e-mail": address}).look("letter-password").click("Valider")
    expect(reader.title).to_have_text("Votre mot de passe a bien été enregistré.")
    expect(reader.main).to_contain_text(newcomer.number)
    reader.look("letter-opened")

    mail = reader.mail(address, "Confirmez votre adresse e-mail")
    link = next(word for word in mail.text.split() if "/adherent/adresse/" in word)
    reader.open(link.removeprefix(reader.portal.base))
    assert reader.page.url.endswith("/adherent/adresse/")
    reader.look("letter-address").click("Confirmer cette adresse")
    expect(reader.title).to_have_text("Votre adresse est confirmée")
    reader.look("letter-address-confirmed")
    reader.mail(address, "Cette adresse e-mail est maintenant celle de votre compte")
    reader.sign_in(newcomer, NEW_PASSWORD)

    reader.expecting(410).open("/adherent/premiere-connexion/code/mot-de-passe/").look("letter-dead-code")
    reader.open("/adherent/adresse/").look("letter-dead-address")

    search(agent, newcomer.number)
    agent.click_containing("Fermer le compte")
    agent.look("desk-close").write(REASON).click("Fermer le compte")
    expect(agent.main).to_contain_text("compte fermé")
    agent.look("desk-closed")
    reader.mail(address, "Votre compte est fermé")
    agent.click_containing("Rouvrir le compte")
    agent.look("desk-reopen").write(REASON).click("Rouvrir le compte")
    expect(agent.main).to_contain_text("mot de passe à créer")
    reader.mail(address, "Votre compte est rouvert")


@pytest.mark.rule("G10")
@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("phone", "dark", "fr"), ("desktop", "light", "en")]
)
def test_the_page_for_a_code_is_accessible(visit: Visit, size: str, scheme: str, language: str) -> None:
    visit(size, scheme=scheme, language=language).open("/adherent/premiere-connexion/code/").look(
        "letter-code"
    )


def downloaded(agent: Visitor, button: str) -> bytes:
    with agent.page.expect_download() as download:
        agent.click(button)
    return Path(download.value.path()).read_bytes()


def until_ready(agent: Visitor) -> None:
    """Until the worker has made them."""
    download = agent.main.get_by_role("button", name="Télécharger le PDF")
    agent.until(download.count, "the letters are made", again=True)
