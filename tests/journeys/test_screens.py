"""The pictures of the documentation: `SCREENSHOTS=docs/screens pytest tests/journeys/test_screens.py`."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.papers import file, photo, sheets
from tests.journeys.test_desk import send, until_drawn
from tests.journeys.visitor import SCREENSHOTS, Size, Visitor

MOST_BYTES = 150_000

pytestmark = pytest.mark.skipif(
    not SCREENSHOTS, reason="draws the documentation's pictures when SCREENSHOTS says where"
)


def take(visitor: Visitor, name: str) -> None:
    """A picture of what the screen shows, in 256 colours."""
    visitor.until_drawn()  # the thumbnails come lazily
    phone = "-phone" if visitor.size == "phone" else ""
    picture = Image.open(io.BytesIO(visitor.page.screenshot()))
    target = Path(SCREENSHOTS) / f"{name}{phone}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    assert target.stat().st_size <= MOST_BYTES, f"{target}: {target.stat().st_size} octets"


def test_the_members_pictures(visit: Visit, member: Person, size: Size) -> None:
    visitor = visit(size, density=2 if size == "phone" else 1)
    visitor.poses = True
    take(visitor.open("/adherent/"), "sign-in")
    visitor.sign_in(member)
    for name, kind in (
        ("attestation-2026.pdf", "Attestation de Sécurité sociale"),
        ("lunettes.pdf", "Facture d’optique"),
        ("dentiste-septembre.pdf", "Facture dentaire"),
        ("releve-octobre.pdf", "Relevé de prestations"),
    ):
        send(visitor, name, sheets(), kind=kind)
        if kind == "Facture dentaire":
            visitor.portal.decide(member, "refused")
    for kind, state, days in (
        ("attestation_secu", "accepted", 34),
        ("facture_optique", "accepted", 16),
        ("facture_dentaire", "refused", 6),
        ("releve_prestations", "in_progress", 2),
    ):
        visitor.portal.sql(
            "UPDATE vault_document SET state = ?, at = datetime(at, ?), checked_at = at, state_at = at, next_attempt_at = NULL"
            " WHERE kind = ? AND member_id = (SELECT id FROM members_member WHERE number = ?)",
            state,
            f"-{days} days",
            kind,
            member.number,
        )
    take(visitor.open("/adherent/"), "home")

    visitor.click("Envoyer un document")
    visitor.choose_kind("RIB")
    source = "Prendre en photo" if size == "phone" else "Choisir des fichiers"
    visitor.page.get_by_label(source).set_input_files(file("rib.jpg", photo()))
    take(visitor, "send")
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    take(visitor, "receipt")


def test_the_agents_picture(visit: Visit, member: Person) -> None:
    at_home = visit("phone")
    at_home.poses = True
    at_home.sign_in(member)
    send(at_home, "releve-octobre.pdf", sheets(), kind="Relevé de prestations")
    send(at_home, "rib.jpg", photo(), kind="RIB")
    agent = visit("desktop")
    agent.poses = True
    enter_as_agent(agent, "c.morel@mese.example", name="Claire Morel")
    agent.open(f"/gestion/adherents/?q={member.number}")
    until_drawn(agent, "RIB")
    take(agent, "desk")
