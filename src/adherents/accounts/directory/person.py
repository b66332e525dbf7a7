"""What the claims of an ID token say of an agent, by the profile's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adherents.accounts.by_directory import session_mark
from adherents.accounts.models import Role, normalise_identifier
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.insurer.directory import Directory

LONGEST = 255


@dataclass(frozen=True)
class DirectoryPerson:
    """`role`: None where the directory gives none. `team`: None where the profile leaves groups to the desk. `mark`: of the
    session over there. `email`: "" where the directory gives none, or says that it is not theirs.
    """

    issuer: str
    sub: str
    email: str
    name: str
    username: str
    role: Role | None
    team: str | None
    two_proofs: bool
    mark: str


def person_of(claims: Mapping[str, Any], known: Directory) -> DirectoryPerson:
    """Raises `OpenIdRefused` where the claims name nobody."""
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= LONGEST:
        raise OpenIdRefused(OpenIdReason.TOKEN, "sub")
    has = _values(claims, known.role_claim)
    role = next((Role(line.role) for line in known.roles if line.value in has), None)
    team = None
    if known.team_claim:
        has = _values(claims, known.team_claim)
        team = next((line.team for line in known.teams if line.value in has), "")
    second_acr = claims.get("acr") in known.second_factor_acr
    email = _text(claims, "email", 254) if claims.get("email_verified", True) is True else ""
    return DirectoryPerson(
        issuer=known.issuer,
        sub=sub,
        email=normalise_identifier(email) if "@" in email and not any(map(str.isspace, email)) else "",
        name=_text(claims, "name", 80),
        username=_text(claims, "preferred_username", 80),
        role=role,
        team=team,
        two_proofs=second_acr or bool(_values(claims, "amr") & set(known.second_factor_amr)),
        mark=session_mark(known.issuer, _text(claims, "sid", LONGEST)),
    )


def _values(claims: Mapping[str, Any], name: str) -> set[str]:
    """Of a claim of this very name; else of one inside another, « realm_access.roles ». One text, or a list of texts."""
    found: Any = claims.get(name)
    if name not in claims:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return {found}
    return {value for value in found if isinstance(value, str)} if isinstance(found, list) else set()


def _text(claims: Mapping[str, Any], name: str, longest: int) -> str:
    value = claims.get(name)
    return (
        "".join(sign for sign in value if sign.isprintable())[:longest].strip()
        if isinstance(value, str)
        else ""
    )
