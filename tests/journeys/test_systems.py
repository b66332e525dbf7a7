"""The administrateur and the insurer's systems: one is let in, its key is shown once and changed, it is suspended."""

import urllib.request
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from tests.journeys.agents import become_agent
from tests.journeys.conftest import Visit
from tests.journeys.running import Portal
from tests.journeys.visitor import Size


def called(portal: Portal, key: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{portal.port}/api/v1/documents", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(("viewport", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_system_is_let_in_gets_another_key_and_is_suspended(
    visit: Visit, portal: Portal, viewport: Size, scheme: str
) -> None:
    administrator = visit(viewport, scheme=scheme)
    become_agent(administrator, f"ines.{viewport}@mese.example", name="Inès Faure", role="administrateur")
    administrator.open("/gestion/systemes/").look(f"systems {viewport}").click("Autoriser un système")
    administrator.click("Autoriser").look(f"system refused {viewport}")
    administrator.write({"Nom": f"coeur-{viewport}"})
    administrator.page.get_by_label("lire les fiches des documents").check()
    administrator.click("Autoriser").look(f"system key {viewport}")
    first = administrator.page.locator("#cle").inner_text()
    assert called(portal, first) == 200
    administrator.click(f"coeur-{viewport}").click("Nouvelle clé")
    second = administrator.page.locator("#cle").inner_text()
    administrator.click(f"coeur-{viewport}").look(f"system {viewport}")
    assert first not in administrator.page.content()
    administrator.page.get_by_role("button", name=f"Retirer {first.split('_')[1]}").click()
    expect(administrator.main).to_contain_text("Clé retirée")
    assert (called(portal, first), called(portal, second)) == (401, 200)
    administrator.click("Suspendre ce système").look(f"system suspend {viewport}")
    administrator.write({"Motif": "Changement de prestataire"}).click("Suspendre")
    administrator.until(lambda: called(portal, second) == 401, "it is let in no more")
    administrator.open("/gestion/systemes/").look(f"systems suspended {viewport}")
    administrator.open("/api/v1/docs").look(f"api docs {viewport}")
