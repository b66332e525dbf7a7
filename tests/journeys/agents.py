"""How somebody becomes an agent: an invitation by mail, a password, an app on the phone."""

import base64
import hashlib
import hmac
import re
import struct
import time
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.cast import PASSWORD
from tests.journeys.visitor import Visitor


@dataclass
class App:
    """An authenticator app that read the key: six digits every 30 seconds, never the same twice (RFC 6238)."""

    key: str
    last: int = 0

    def code(self) -> str:
        """The code that shows now; the one that follows when this one was used."""
        self.last = max(int(time.time()) // 30, self.last + 1)
        secret = base64.b32decode(self.key + "=" * (-len(self.key) % 8))
        digest = hmac.new(secret, struct.pack(">Q", self.last), hashlib.sha1).digest()
        start = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def become_agent(visitor: Visitor, address: str, *, name: str, role: str = "conseiller") -> App:
    """From `adherents create_agent` to the desk."""
    output = visitor.portal.run("create_agent", address, "--role", role, "--name", name)
    assert address in output
    return accept_invitation(visitor, address)


def enter_as_agent(visitor: Visitor, address: str, *, name: str, role: str = "conseiller") -> App:
    """An agent who had a password and an app before the test began, from the sign-in page to the desk.

    For tests of what happens at the desk: `become_agent` takes eight pages more.
    """
    app = App(visitor.portal.prepare_agent(address, role=role, name=name))
    sign_in_at_the_desk(visitor, address, app)
    return app


def accept_invitation(visitor: Visitor, address: str) -> App:
    """From the mail to the desk."""
    mail = visitor.mail(address, "Votre accès au poste de gestion")
    assert mail.sender == "MESE Adh"
    visitor.open(mail.link)
    expect(visitor.field("Jour")).to_have_count(0)
    visitor.write({"Définir le mot de passe": PASSWORD, "Confirmer le mot de passe": PASSWORD}).click(
        "Valider"
    )
    expect(visitor.main).to_contain_text(address)
    visitor.look("agent-password-set").click("Se connecter")
    visitor.look("agent-sign-in")
    visitor.write({"Adresse e-mail": address, "Mot de passe": PASSWORD}).click("Se connecter")

    # No desk without a second factor.
    expect(visitor.title).to_have_text("Protégez votre accès")
    visitor.open("/gestion/")
    expect(visitor.title).to_have_text("Protégez votre accès")
    visitor.look("agent-protect")
    return add_app(visitor)


def add_app(visitor: Visitor) -> App:
    """From the page that protects, to the desk."""
    visitor.click("Ajouter une application")
    key = re.sub(r"\s", "", visitor.page.locator(".secret").inner_text())
    visitor.look("agent-app")
    app = App(key)
    visitor.page.locator("input[name=code]").fill(app.code())
    visitor.click("Enregistrer l’application")
    expect(visitor.title).to_have_text("Codes de secours")
    visitor.look("agent-recovery-codes").click("C’est noté, aller à la gestion")
    expect(visitor.title).to_contain_text("À traiter")
    return app


def sign_in_at_the_desk(visitor: Visitor, address: str, app: App, *, title: str = "À traiter") -> None:
    """A password, then what the app shows."""
    visitor.open("/gestion/").write({"Adresse e-mail": address, "Mot de passe": PASSWORD}).click(
        "Se connecter"
    )
    expect(visitor.title).to_have_text("Une seconde preuve")
    visitor.look("agent-second-proof")
    visitor.page.locator("input[name=code]").fill(app.code())
    visitor.click("Continuer")
    expect(visitor.title).to_contain_text(title)
