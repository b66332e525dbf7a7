"""A member comes by FranceConnect, and another one links it to the account that was there: a portal, a provider, a browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.cast import ANGE, CAMILLE, EVE, PASSWORD
from tests.enrolment.franceconnect import told
from tests.journeys.conftest import Visit
from tests.journeys.running import ROOT, Portal
from tests.journeys.test_directory import look
from tests.journeys.visitor import Visitor
from tests.openid_provider import CLIENT_ID, SECRET, TestProvider, running

# In place of FranceConnect's own drawings, which it gives to its partners alone: plates of its size, each of a colour.
DRAWN = {"light": "#000091", "light_hover": "#1212ff", "dark": "#8585f6", "dark_hover": "#b1b1f9"}
DOOR, PERSONAL = "/adherent/", "/adherent/donnees-personnelles/"


@pytest.fixture(scope="module")
def there() -> Iterator[TestProvider]:
    with running() as provider:
        for sub, person in {"camille": CAMILLE, "eve": EVE, "ange": ANGE}.items():
            provider.say_of(sub, **told(person))
        yield provider


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, there: TestProvider) -> Iterator[Portal]:
    """In place of the folder's: its profile names FranceConnect."""
    folder = tmp_path_factory.mktemp("franceconnect")
    profile = folder / "profile.toml"
    mese = (ROOT / "profiles" / "mese.toml").read_text()
    for name, colour in DRAWN.items():
        (folder / f"{name}.svg").write_text(drawn(colour))
    button = ", ".join(f'{name} = "{name}.svg"' for name in DRAWN)
    profile.write_text(
        f'{mese}\n[franceconnect]\nissuer = "{there.issuer}"\nclient_id = "{CLIENT_ID}"\nbutton = {{ {button} }}\n'
    )
    portal = Portal(folder)
    portal.environment |= {"ADHERENTS_PROFILE": str(profile), "ADHERENTS_FRANCECONNECT_SECRET": SECRET}
    try:
        portal.start([CAMILLE, EVE], with_account=[EVE])
        yield portal
    finally:
        portal.stop()


def drawn(colour: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="245" height="56" viewBox="0 0 245 56">'
        f'<rect width="245" height="56" fill="{colour}"/></svg>'
    )


def in_sight(visitor: Visitor) -> tuple[str, float, float]:
    """Which drawing of the button is in sight, its width and its height."""
    shown = visitor.page.locator(".franceconnect-drawn img:visible")
    expect(shown).to_have_count(1)
    box = shown.bounding_box()
    assert box is not None
    name = re.search(r"franceconnect-([a-z-]+)\.", str(shown.evaluate("image => image.currentSrc")))
    assert name is not None
    assert shown.evaluate("image => image.naturalWidth") == 245
    return name[1], box["width"], box["height"]


def over_there(visitor: Visitor, there: TestProvider, sub: str) -> None:
    """Press the button, and sign in at the provider's: a third party, on purpose."""
    visitor.context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
    visitor.page.get_by_role("link", name=re.compile("S’identifier avec")).click()
    visitor.page.get_by_placeholder("sub").fill(sub)
    visitor.page.get_by_role("button", name="Authorize").click()
    expect(visitor.page).to_have_url(re.compile(re.escape(visitor.portal.base)))
    pardon(visitor, there)


def pardon(visitor: Visitor, there: TestProvider) -> None:
    theirs = (there.issuer, "cdn.jsdelivr.net")  # its page has a style from elsewhere, which is not fetched
    visitor.faults[:] = [fault for fault in visitor.faults if not any(place in fault for place in theirs)]


def test_a_member_comes_in_by_franceconnect_and_another_links_the_account_that_was_there(
    visit: Visit, there: TestProvider
) -> None:
    camille = visit().open(DOOR)
    look(camille, "sign-in franceconnect")
    over_there(camille, there, "camille")
    expect(camille.title).to_contain_text("Bonjour")
    look(camille.open(PERSONAL), "personal data franceconnect linked")
    look(camille.click("Délier FranceConnect"), "franceconnect unlink")
    camille.page.get_by_role("button", name="Se déconnecter").first.click()
    expect(camille.page).to_have_url(re.compile(re.escape(f"{there.issuer}/oauth2/end_session")))
    pardon(camille, there)

    eve = visit().open(DOOR)
    over_there(eve, there, "eve")
    expect(eve.title).to_have_text("Un compte existe déjà à votre nom")
    look(eve, "franceconnect exists")
    eve.click("Me connecter et relier")
    eve.write({"N° adhérent": EVE.number, "Mot de passe": PASSWORD}).click("Valider")
    expect(eve.title).to_have_text("Relier FranceConnect")
    look(eve, "franceconnect confirm")
    eve.click("Relier")
    expect(eve.main).to_contain_text("Votre compte est relié à FranceConnect")

    nobody = visit().expecting(400).open(DOOR)
    over_there(nobody, there, "ange")
    expect(nobody.title).to_have_text("La connexion n’a pas abouti")
    look(nobody, "franceconnect refused")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_is_the_drawing_that_franceconnect_gives_by_its_charter(visit: Visit, scheme: str) -> None:
    """Its size at least, its proportions, another drawing under the pointer and on a dark ground; on both pages."""
    visitor = visit("phone")
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for page in (DOOR, "/adherent/premiere-connexion/"):
        visitor.open(page)
        expect(visitor.main).to_contain_text("FranceConnect est la solution proposée par l’État")
        visitor.page.mouse.move(0, 0)
        assert in_sight(visitor) == (scheme, 245, 56)
        visitor.page.get_by_role("link", name="S’identifier avec FranceConnect").hover()
        assert in_sight(visitor) == (f"{scheme}-hover", 245, 56)
        below = visitor.page.get_by_role("link", name="Qu’est-ce que FranceConnect").bounding_box()
        button = visitor.page.locator(".franceconnect-drawn").bounding_box()
        assert below is not None
        assert button is not None
        assert 8 <= below["y"] - button["y"] - button["height"] <= 20
    visitor.look(f"first connection franceconnect {scheme}")
