"""An agent on the way through the insurer's directory, as the tests of this folder go."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.test import Client

from adherents.accounts.models import Account, DirectoryIdentity
from adherents.insurer.directory import Directory, RoleFromClaim, TeamFromClaim
from adherents.insurer.values import Words
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.accounts.steps import text_of
from tests.conftest import Mail
from tests.openid_provider import CLIENT_ID, TestProvider, back

Mails = Callable[[], list[Mail]]

DOOR, RETURN, END = (
    "/gestion/connexion/annuaire/",
    "/gestion/connexion/annuaire/retour/",
    "/gestion/connexion/annuaire/fin/",
)

DESK, PROTECT = "/gestion/", "/compte/securite/"

NADIA = {
    "email": "nadia.k@mutuelle.example",
    "name": "Nadia Kessler",
    "preferred_username": "nkessler",
    "groups": ["vpn", "adherents-conseillers", "equipe-optique"],
    "amr": ["pwd", "mfa"],
    "acr": "fort",
}

WHY = "vu avec elle au téléphone"


def use(settings: Any, **changes: Any) -> Directory:
    """The profile's table, changed."""
    known = settings.ADHERENTS_PROFILE.agents.oidc or Directory(
        name=Words(fr="l’annuaire", en="the directory"),
        issuer="http://localhost:1",
        client_id=CLIENT_ID,
        role_claim="groups",
        roles=(
            RoleFromClaim(value="adherents-administrateurs", role="administrateur"),
            RoleFromClaim(value="adherents-conseillers", role="conseiller"),
        ),
        team_claim="groups",
        teams=(TeamFromClaim(value="equipe-optique", team="Optique"),),
    )
    known = known.model_copy(update=changes)
    agents_table = settings.ADHERENTS_PROFILE.agents.model_copy(update={"oidc": known})
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"agents": agents_table})
    return known


def go(client: Client, there: TestProvider, sub: str = "nadia", **asked: str) -> str:
    """Press the button, sign in over there. Returns the address that leads back, not followed yet."""
    answer = client.get(DOOR, asked)
    assert answer.status_code == 302, text_of(answer)  # type: ignore[arg-type]
    return there.let_in(answer.headers["Location"], sub)


def come_in(client: Client, there: TestProvider, sub: str = "nadia") -> HttpResponse:
    return client.get(back(go(client, there, sub)))  # type: ignore[return-value]


def refused_why() -> list[str]:
    return [
        entry.details["why"] for entry in Entry.objects.filter(event=Event.DIRECTORY_REFUSED).order_by("pk")
    ]


def come_in_as(agent: Account, there: TestProvider, client: Client) -> HttpResponse:
    """As an agent who was linked before."""
    there.say_of("linked", **NADIA | {"email": "", "groups": ["adherents-conseillers"]})
    DirectoryIdentity.objects.create(
        account=agent, issuer=there.issuer, sub="linked", linked_at="2026-01-01T00:00Z"
    )
    return come_in(client, there, "linked")
