"""A responsable writes one message to several members: checked, confirmed, undone once, and read by a member."""

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit


@pytest.mark.parametrize(
    ("size", "scheme", "scripted"),
    [("desktop", "light", True), ("phone", "dark", True), ("desktop", "dark", False)],
)
def test_a_responsable_writes_to_several_members(
    visit: Visit, member: Person, size: str, scheme: str, scripted: bool
) -> None:
    at_home = visit("phone").enter(member)
    lead = visit(size, scheme=scheme, scripted=scripted)
    name = f"groupe.{size}.{scheme}@mese.example"
    enter_as_agent(lead, name, name="Inès Groupe", role="responsable")
    lead.open("/gestion/messages/").click("Écrire à plusieurs adhérents")
    lead.look("circular-new").click("Vérifier avant d’envoyer")
    expect(lead.page.get_by_role("alert")).to_contain_text("Collez les numéros")
    lead.look("circular-new-wrong")
    subject = f"Fermeture de l’agence {size} {scheme}"
    lead.write(
        {
            "Numéros d’adhérents": f"{member.number}\n99999998\n",
            "Objet": subject,
            "Message à l’adhérent": "Bonjour,\n\nL’agence ferme le 12.",
        }
    )
    lead.click("Vérifier avant d’envoyer")
    expect(lead.title).to_have_text("Vérifier avant d’envoyer")
    expect(lead.main).to_contain_text("99999998")
    lead.look("circular-preview").click("Modifier")
    expect(lead.field("Objet")).to_have_value(subject)
    lead.click("Vérifier avant d’envoyer")
    lead.write({"Tapez le nombre d’adhérents pour confirmer": "7"}).click("Envoyer à 1 adhérent")
    expect(lead.page.get_by_role("alert")).to_contain_text("Ce n’est pas le nombre")
    lead.look("circular-preview-wrong")
    lead.write({"Tapez le nombre d’adhérents pour confirmer": "1"}).click("Envoyer à 1 adhérent")
    expect(lead.main).to_contain_text("Jusque-là, rien n’est envoyé.")
    lead.look("circular-waits").click("Annuler l’envoi")
    expect(lead.main).to_contain_text("Message annulé : personne ne l’a reçu.")
    lead.look("circular-undone").open("/gestion/messages/groupe/")
    expect(lead.main).to_contain_text(subject)
    lead.look("circulars")

    lead.write(
        {
            "Numéros d’adhérents": member.number,
            "Objet": subject,
            "Message à l’adhérent": "Bonjour,\n\nL’agence ferme le 12.",
        }
    )
    lead.click("Vérifier avant d’envoyer")
    lead.write({"Tapez le nombre d’adhérents pour confirmer": "1"}).click("Envoyer à 1 adhérent")
    expect(lead.main).to_contain_text("Jusque-là, rien n’est envoyé.")
    # A minute is not waited for: the row's time comes now.
    lead.portal.sql("UPDATE messaging_circular SET next_attempt_at = written_at WHERE undone_at IS NULL")
    mail = at_home.mail(member, "Un message vous attend")
    assert "agence" not in mail.text + mail.subject
    lead.page.reload()
    expect(lead.main).to_contain_text("Envoyé à 1 sur 1.")
    lead.look("circular-sent")
    at_home.open("/adherent/messages/").click(subject)
    expect(at_home.main).to_contain_text("L’agence ferme le 12.")
