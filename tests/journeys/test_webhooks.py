"""An administrateur makes a webhook, copies its secret, sees that it does not arrive, and lets it go on."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.agents import enter_as_agent
from tests.journeys.conftest import Visit
from tests.journeys.visitor import Size, Visitor

HERE = "/gestion/webhooks/"


def give(visitor: Visitor, name: str, text: str) -> None:
    visitor.page.locator(f"input[name={name}]").fill(text)


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("desktop", "light", "fr"), ("phone", "dark", "en")]
)
def test_a_webhook_is_made_watched_and_resumed(visit: Visit, size: Size, scheme: str, language: str) -> None:
    visitor = visit(size, scheme=scheme)
    enter_as_agent(visitor, f"hooks-{size}@mese.example", name="Inès Faure", role="administrateur")
    visitor.language = language
    cookie = {"name": "langue", "value": language, "url": visitor.portal.base}
    visitor.context.add_cookies([cookie])  # type: ignore[list-item]
    visitor.open(HERE).look("webhooks-none")
    visitor.open(f"{HERE}nouveau/")
    visitor.main.locator("button.button-primary, form.act button.button").first.click()
    visitor.look("webhook-new-refused")
    give(visitor, "name", f"Gestion des prestations et des remboursements {size}")
    give(visitor, "url", "https://gestion.insurer.invalid/evenements/espace-adherents?de=portail")
    visitor.page.locator("input[name=types]").first.check()
    give(visitor, "reason", "Nouveau logiciel")
    visitor.main.locator("form.act button.button").first.click()
    expect(visitor.page.locator("#secret")).to_have_text(re.compile(r"whsec_\S{44}"))
    visitor.look("webhook-secret")
    visitor.portal.sql(
        "UPDATE webhooks_endpoint SET state = 'set_aside', next_attempt_at = NULL, trouble = 'no_name', "
        "answered_at = created_at, failing_since = created_at WHERE name LIKE ?",
        f"%{size}",
    )
    visitor.open(HERE).look("webhooks")
    visitor.main.locator("table a").first.click()
    visitor.look("webhook-set-aside")
    [(number,)] = visitor.portal.sql("SELECT id FROM webhooks_endpoint WHERE name LIKE ?", f"%{size}")
    visitor.open(f"{HERE}{number}/rejouer/").look("webhook-replay")
    visitor.open(f"{HERE}{number}/reprise/")
    give(visitor, "reason", "Destinataire réparé")
    visitor.main.locator("form.act button.button").first.click()
    expect(visitor.page).to_have_url(re.compile(rf"{HERE}{number}/$"))
    visitor.look("webhook-live")
    visitor.open(f"{HERE}{number}/suppression/").look("webhook-remove")
    give(visitor, "reason", "Destinataire réparé")
    visitor.main.locator("form.act button.button").first.click()
    expect(visitor.page).to_have_url(re.compile(f"{HERE}$"))
