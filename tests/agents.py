"""The invented agents, and the steps by which one signs in."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from adherents.accounts import allauth_internals as allauth
from adherents.accounts.models import Account, Role
from adherents.accounts.second_factor.sealing import secrets_of
from tests.cast import PASSWORD

SIGN_IN = "/gestion/connexion/"
STEP = "/compte/securite/verification/"
NAMES = {
    Role.ADVISER: "Claire Morel",
    Role.SUPERVISOR: "Hugo Renard",
    Role.ADMINISTRATOR: "Inès Faure",
    Role.AUDITOR: "Paul Audit",
}


def make_agent(role: Role = Role.ADVISER, *, address: str = "") -> Account:
    """An agent who has set a password, and no second factor yet. `address`: another than the role's own."""
    address = address or f"{role.value}@mese.example"
    return Account.objects.create(
        identifier=address,
        email=address,
        role=role,
        display_name=NAMES[role],
        password=make_password(PASSWORD),
        password_changed_at=timezone.now(),
    )


def add_totp(account: Account) -> str:
    """A second factor that is there already; its secret."""
    secret: str = allauth.new_totp_secret()
    with secrets_of(account):
        allauth.add_totp(account, secret)
    return secret


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What the app shows now, or `ahead` steps of 30 seconds later."""
    return code_at(secret, timezone.now().timestamp() + 30 * ahead)


def code_at(secret: str, moment: float) -> str:
    """What the app shows at that moment (a Unix time)."""
    return allauth.totp_code(secret, int(moment) // 30)


def enter(client: Client, account: Account, password: str = PASSWORD) -> object:
    """The agent's password; what answers it."""
    return client.post(SIGN_IN, {"identifier": account.identifier, "password": password})


def signed_in(account: Account, client: Client | None = None) -> Client:
    """A browser in which this agent has given a password and a code."""
    client = client or Client()
    secret = add_totp(account)
    enter(client, account)
    answer = client.post(STEP, {"code": code_of(secret)})
    assert answer.status_code == 302, answer.content.decode()
    return client


def has_app(account: Account) -> bool:
    return Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists()
