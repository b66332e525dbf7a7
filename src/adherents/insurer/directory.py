"""The insurer's directory of staff, by which agents sign in: the table `[agents.oidc]` of a profile (decision 48)."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from adherents.insurer.values import Email, Expected, Facts, Text, Words, wrong

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
AgentRole = Literal["conseiller", "responsable", "administrateur", "auditeur"]


def an_issuer(address: str) -> str:
    """As the provider writes it, to the letter: a final slash counts."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if (
        len(address) > 255
        or not secure
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise wrong('the provider\'s https address, such as "https://login.example.org/realms/mutuelle"')
    return address


Issuer = Annotated[Text, AfterValidator(an_issuer)]
Values = tuple[Text, ...]


class RoleFromClaim(Facts):
    """An agent with this value in the claim has this role."""

    value: Text
    role: Annotated[AgentRole, Expected('"conseiller", "responsable", "administrateur" or "auditeur"')]


class TeamFromClaim(Facts):
    """An agent with this value in the claim is in this group."""

    value: Text
    team: Annotated[Text, Field(max_length=60)]


class Directory(Facts):
    """How agents sign in by the directory, and what it says of them. Of several values that fit, the first of the list counts."""

    name: Words
    issuer: Issuer
    client_id: Text
    scopes: Values = ("openid", "profile", "email")
    acr_values: Values = ()
    second_factor_amr: Values = ("mfa",)
    second_factor_acr: Values = ()
    role_claim: Text
    roles: tuple[RoleFromClaim, ...] = Field(min_length=1)
    team_claim: Text | None = None
    teams: tuple[TeamFromClaim, ...] = ()
    break_glass: Email | None = None
    passwords: bool = True

    @field_validator("scopes")
    @classmethod
    def of_openid(cls, scopes: Values) -> Values:
        if "openid" not in scopes or any(" " in scope for scope in scopes):
            raise wrong('a list of scopes with "openid" in it')
        return scopes

    @field_validator("roles")
    @classmethod
    def each_value_once(cls, roles: tuple[RoleFromClaim, ...]) -> tuple[RoleFromClaim, ...]:
        if len({line.value for line in roles}) != len(roles):
            raise wrong("a list where each value has one role")
        return roles

    @field_validator("teams")
    @classmethod
    def from_a_claim(
        cls, teams: tuple[TeamFromClaim, ...], info: ValidationInfo
    ) -> tuple[TeamFromClaim, ...]:
        if teams and not info.data.get("team_claim"):
            raise wrong("left out where team_claim does not say in which claim the values are")
        return teams

    @field_validator("break_glass")
    @classmethod
    def as_it_is_typed(cls, address: str | None) -> str | None:
        return address.lower() if address else None

    @field_validator("passwords")
    @classmethod
    def never_shut_out(cls, passwords: bool, info: ValidationInfo) -> bool:
        if not passwords and not info.data.get("break_glass"):
            raise wrong(
                "true where break_glass names no account: a directory that fails would shut everybody out"
            )
        return passwords
