"""Those who look after agents: an invitation, a second factor lost and given anew by two people; and a member who says no."""

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD, Person
from tests.journeys.agents import accept_invitation, add_app, become_agent
from tests.journeys.conftest import Visit
from tests.journeys.visitor import VIEWPORTS, Visitor

AGENT, NAME = "lea.martin@mese.example", "Léa Martin"
WHY = "Téléphone perdu, reconnue de vive voix"
PAGES = {
    "agents": "/gestion/agents/",
    "agents-invite": "/gestion/agents/inviter/",
    "profile": "/gestion/profil/",
    "keys": "/gestion/cles/",
    "installation": "/gestion/installation/",
}
ACTS = ("role", "groupe", "suspendre", "connexions", "second-facteur")


def test_two_people_give_a_new_factor_to_an_agent_who_was_invited_and_lost_theirs(visit: Visit) -> None:
    administrator, supervisor, agent = visit("desktop"), visit("desktop"), visit("desktop")
    become_agent(administrator, "ines.faure@mese.example", name="Inès Faure", role="administrateur")
    become_agent(supervisor, "hugo.accord@mese.example", name="Hugo Renard", role="responsable")

    administrator.open("/gestion/agents/").click("Inviter un agent")
    administrator.click("Envoyer l’invitation").look("agents-invite-refused")
    administrator.write(
        {
            "Adresse e-mail": AGENT,
            "Nom affiché": NAME,
            "Groupe": "Optique",
            "Motif": "Arrivée dans le service",
        }
    )
    administrator.field("Rôle").select_option(label="Conseiller")
    administrator.click("Envoyer l’invitation")
    expect(administrator.title).to_contain_text(NAME)
    administrator.look("agent-invited")
    accept_invitation(agent, AGENT)

    supervisor.open("/gestion/agents/").click(NAME)
    supervisor.click("Demander un nouveau second facteur")
    supervisor.write({"Motif": WHY}).click("Demander")
    expect(supervisor.main).to_contain_text("une seconde personne doit maintenant l’accorder")
    supervisor.click("Répondre").look("factor-mine")
    agent.mail(AGENT, "On demande pour vous un nouveau second facteur")

    administrator.open("/gestion/agents/").look("agents-request").click(NAME)
    administrator.look("agent-request").click("Répondre").look("factor-answer")
    administrator.write({"Motif": WHY}).click("Accorder")
    expect(administrator.main).to_contain_text("un lien part à l’agent")

    agent.open("/gestion/")
    expect(agent.main).to_contain_text("Le service a mis fin à cette connexion")
    agent.look("agent-ended").open(agent.mail(AGENT, "second facteur").link)
    agent.write({"Adresse e-mail": AGENT, "Mot de passe": PASSWORD}).click("Se connecter")
    expect(agent.title).to_have_text("Protégez votre accès")
    add_app(agent)

    look_everywhere(administrator)


def look_everywhere(administrator: Visitor) -> None:
    """Each page of an administrator, in the light and in the dark, on a desktop and on a phone."""
    mine = administrator.open("/gestion/agents/").main.get_by_role("link", name=NAME)
    page = str(mine.get_attribute("href"))
    pages = PAGES | {"agent": page} | {f"agent-{act}": f"{page}{act}/" for act in ACTS}
    for size, scheme in (("desktop", "light"), ("phone", "dark")):
        administrator.size, administrator.scheme = size, scheme  # type: ignore[assignment]
        width, height = VIEWPORTS[size]
        administrator.page.set_viewport_size({"width": width, "height": height})
        administrator.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for name, path in pages.items():
            administrator.open(path).look(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_member_says_that_it_was_not_them(visit: Visit, member: Person, scheme: str) -> None:
    at_home, stranger = visit("phone", scheme=scheme).sign_in(member), visit("desktop").sign_in(member)
    at_home.open("/adherent/donnees-personnelles/connexions/").look("sessions-two")
    at_home.click_containing("Mettre fin à cette connexion")
    at_home.write({"Mot de passe": PASSWORD}).click("Continuer").look("session-end")
    at_home.open(at_home.mail(member, "nouvel appareil").link).look("report")
    at_home.click("Ce n’était pas moi : tout fermer")
    expect(at_home.title).to_have_text("Tout est fermé")
    at_home.look("reported")
    stranger.open("/adherent/documents/")
    expect(stranger.main).to_contain_text("ce n’était pas moi")
    stranger.look("sign-in-ended")
