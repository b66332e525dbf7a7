"""An auditor finds what an agent did and what became of a member's file, by the keyboard, and takes it away as a file."""

import pytest
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import App, sign_in_at_the_desk
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Visitor


def filtered(auditor: Visitor, label: str, text: str) -> None:
    """Type it in a field, and Enter; the address that follows says plain identifiers."""
    field = auditor.field(label)
    field.fill(text)
    with auditor.page.expect_navigation():
        field.press("Enter")
    assert "@" not in auditor.page.url


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("desktop", "light", "fr"), ("phone", "dark", "fr")]
)
def test_an_auditor_finds_by_name_and_number_and_exports(
    visit: Visit, member: Person, size: str, scheme: str, language: str
) -> None:
    visit("desktop").enter(member)
    auditor = visit(size, scheme=scheme, language=language)
    address = f"nora.{size}@mese.example"
    app = App(auditor.portal.prepare_agent(address, role="auditeur", name=f"Nora Contrôle {size}"))
    sign_in_at_the_desk(auditor, address, app, title="Journal")
    auditor.open("/gestion/journal/").look("journal")
    filtered(auditor, "Qui", f"controle {size}")
    expect(auditor.main).to_contain_text(f"Nora Contrôle {size} (agent:")
    expect(auditor.main.locator("table.journal tbody tr").first).to_be_visible()
    auditor.look("journal-agent")
    filtered(auditor, "Qui", "")
    filtered(auditor, "Sur qui, sur quoi", member.number)
    expect(auditor.main.locator("table.journal tbody tr").first).to_be_visible()
    assert member.number not in auditor.page.url
    with auditor.page.expect_download() as taken:
        auditor.page.get_by_role("button", name="Exporter en CSV").press("Enter")
    rows = taken.value.path().read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("moment;evenement")
    assert len(rows) > 1
    assert all("member:" in row or "account:" in row for row in rows[1:])
    assert not any(member.number in row or member.birth_name in row for row in rows)
    auditor.open("/gestion/journal/")
    expect(auditor.main).to_contain_text("Journal exporté")
    filtered(auditor, "Qui", "personne ainsi")
    expect(auditor.page.get_by_role("alert")).to_be_focused()
    auditor.look("journal-error")
