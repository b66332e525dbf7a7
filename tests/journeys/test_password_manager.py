"""What a browser's password manager keeps beside a new password: the reader's own identifier, or nothing; never a birth year.

Chromium is asked itself: its page `chrome://password-manager-internals` says which field it takes for the user name. Of the
other browsers the rule that they share is checked: the last text field before the first password of the same form.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.chromium import ARGUMENTS, PATIENCE, whole_chromium
from tests.journeys.conftest import Visit
from tests.journeys.running import Portal
from tests.journeys.visitor import Seen, Visitor

CHOSEN = re.compile(r"Username element :\s*(.*?) ,")
THE_LAST_TEXT_BEFORE_A_PASSWORD = """() => {
  const password = document.querySelector("main input[type=password]");
  const fields = [...password.form.elements].filter((one) => ["text", "tel", "number", "email"].includes(one.type));
  const before = fields.filter((one) => one.compareDocumentPosition(password) & Node.DOCUMENT_POSITION_FOLLOWING);
  const last = before.at(-1);
  return last ? [last.autocomplete, last.readOnly, last.value] : null;
}"""


@pytest.fixture(scope="module")
def whole(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A Chromium with its password manager: the shell of the other journeys has none, and it takes ten seconds to start."""
    context = chromium.browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("whole"),
        executable_path=whole_chromium(),
        headless=False,
        args=[*ARGUMENTS, "--headless=new", "--password-store=basic"],
        # What a driver switches off is what is looked at here.
        ignore_default_args=["--enable-automation"],
        locale="fr-FR",
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


class Manager:
    """The password manager of a browser, and what it says of itself."""

    def __init__(self, context: BrowserContext, portal: Portal, seen: Seen) -> None:
        self._log = context.new_page()
        self._log.goto("chrome://password-manager-internals")
        page = context.new_page()
        self.visitor = Visitor(portal, context, page, "desktop", "light", "fr", True, seen)

    def keeps(self, password: str, button: str = "Valider") -> str:
        """The field whose value it offers to keep as the user name, once this password was typed twice and accepted."""
        page = self.visitor.page
        for label in ("Définir le mot de passe", "Confirmer le mot de passe"):
            self.visitor.field(label).press_sequentially(password)
        self.visitor.click(button)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("enregistré|modifié"))
        expect(self._log.locator("body")).to_contain_text("Decision: ASK the user")
        chosen = CHOSEN.findall(self._log.inner_text("body"))
        assert chosen
        return str(chosen[-1])

    def type_birth_date(self, person: Person) -> None:
        for label, part in zip(("Jour", "Mois", "Année"), person.birth_day, strict=True):
            self.visitor.field(label).press_sequentially(part)


@pytest.fixture
def manager(whole: BrowserContext, portal: Portal, _seen: Seen) -> Iterator[Manager]:
    """As on a first visit: it keeps a password only when it is told to, and here it is not."""
    made = Manager(whole, portal, _seen)
    yield made
    everything = {"origin": portal.base, "storageTypes": "all"}
    whole.new_cdp_session(made.visitor.page).send("Storage.clearDataForOrigin", everything)
    whole.clear_cookies()
    for page in whole.pages[1:]:  # the first is the browser's own, which would end with it
        page.close()


def last_text(page: Page) -> object:
    return page.evaluate(THE_LAST_TEXT_BEFORE_A_PASSWORD)


@pytest.mark.rule("G7")
def test_a_link_opened_where_it_was_asked_for_keeps_the_number(manager: Manager, member: Person) -> None:
    visitor = manager.visitor.ask_for_a_link(member)
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link)
    expect(visitor.field("N° adhérent")).to_have_value(member.number)
    manager.type_birth_date(member)
    assert last_text(visitor.page) == ["username", True, member.number]
    assert manager.keeps(NEW_PASSWORD) == "id_own_identifier"
    visitor.click("Se connecter")
    expect(visitor.field("N° adhérent")).to_have_value(member.number)


@pytest.mark.rule("G7")
@pytest.mark.rule("G9")
def test_a_link_opened_elsewhere_keeps_no_birth_year_and_says_no_number(
    manager: Manager, visit: Visit, member: Person
) -> None:
    visit("phone").ask_for_a_link(member)
    visitor = manager.visitor
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link)
    assert member.number not in visitor.page.content()
    manager.type_birth_date(member)
    assert last_text(visitor.page) is None
    assert manager.keeps(NEW_PASSWORD) == ""
    visitor.click("Se connecter")
    expect(visitor.field("N° adhérent")).to_have_value(member.number)


@pytest.mark.rule("G12")
def test_a_change_of_password_keeps_the_number(manager: Manager, member: Person) -> None:
    visitor = manager.visitor.enter(member).open("/adherent/donnees-personnelles/mot-de-passe/")
    visitor.field("Ancien mot de passe").press_sequentially(PASSWORD)
    assert last_text(visitor.page) == ["username", True, member.number]
    assert manager.keeps(NEW_PASSWORD) == "id_own_identifier"


def test_an_agents_invitation_keeps_their_address(manager: Manager, portal: Portal) -> None:
    address = "gardienne@mese.example"
    portal.run("create_agent", address, "--role", "conseiller", "--name", "Anne Garde")
    visitor = manager.visitor
    visitor.open(visitor.mail(address, "accès").link)
    assert last_text(visitor.page) == ["username", True, address]
    assert manager.keeps(NEW_PASSWORD) == "id_own_identifier"
    visitor.click("Se connecter")
    expect(visitor.field("Adresse e-mail")).to_have_value(address)


@pytest.mark.rule("G7")
@pytest.mark.parametrize("scripted", [True, False])
def test_the_date_that_stands_apart_is_sent_with_the_rest(
    visit: Visit, member: Person, scripted: bool
) -> None:
    visitor = visit("phone", scripted=scripted).ask_for_a_link(member)
    visitor.open(visitor.mail(member, "Création de votre mot de passe").link)
    if scripted:
        assert last_text(visitor.page) == ["username", True, member.number]
    visitor.write_birth_date(member)
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": "autre-Chose-12"})
    visitor.field("Année").press("Enter")
    expect(visitor.page.get_by_role("alert")).to_contain_text("ne sont pas les mêmes")
    expect(visitor.field("Année")).to_have_value(member.birth_day[2])
    visitor.write({"Définir le mot de passe": NEW_PASSWORD, "Confirmer le mot de passe": NEW_PASSWORD})
    visitor.click("Valider")
    expect(visitor.title).to_have_text("Votre mot de passe a bien été enregistré.")
