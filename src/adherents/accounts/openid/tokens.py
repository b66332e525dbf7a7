"""A token that a provider signed: believed whole, or refused with the reason.

PyJWT checks what RFC 7519 says; what OpenID Connect adds (Core 1.0, section 3.1.3.7; Back-Channel Logout 1.0, section 2.6) is
checked here. A token is not believed for having come over TLS: its signature always is verified.
"""

import time
from collections.abc import Collection
from typing import Any

import jwt
from django.utils.crypto import constant_time_compare

from adherents.accounts.openid.provider import Provider
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused

# Signatures with a pair of keys only: with a shared secret, a stranger who knows the public key (HS256), or
# nothing (none), could sign.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
LEEWAY = 60  # seconds between their clock and ours
OLDEST_LOGOUT = 300  # seconds
LONGEST = 32 * 1024  # characters
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
Claims = dict[str, Any]


def read_id_token(
    token: object, *, provider: Provider, client_id: str, nonce: str, acr_values: Collection[str] = ()
) -> Claims:
    """The claims of an ID token that answers this very request. Raises `OpenIdRefused`.

    `acr_values`: one of them must be what the provider says of the sign-in, where any is given.
    """
    claims = _verified(token, provider, client_id, required=["iss", "sub", "aud", "exp", "iat"])
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several and party is None) or (party is not None and party != client_id):
        raise OpenIdRefused(OpenIdReason.AUDIENCE, "azp")
    if not constant_time_compare(str(claims.get("nonce", "")), nonce):
        raise OpenIdRefused(OpenIdReason.NONCE)
    if acr_values and claims.get("acr") not in acr_values:
        raise OpenIdRefused(OpenIdReason.ACR)
    if "events" in claims:
        raise OpenIdRefused(OpenIdReason.TOKEN, "a logout token, and no ID token")
    return claims


def read_userinfo(token: object, *, provider: Provider, client_id: str, sub: str) -> Claims:
    """The claims of a signed answer about this `sub` (OpenID Connect Core 1.0, section 5.3.2). Raises `OpenIdRefused`."""
    claims = _verified(token, provider, client_id, required=["iss", "aud", "sub"])
    if claims["sub"] != sub:
        raise OpenIdRefused(OpenIdReason.TOKEN, "about another person")
    return claims


def read_logout_token(token: object, *, provider: Provider, client_id: str) -> Claims:
    """The claims of a logout token: `sub`, `sid` or both, and `jti`, which the caller uses up. Raises `OpenIdRefused`."""
    claims = _verified(token, provider, client_id, required=["iss", "aud", "iat", "jti"])
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGGED_OUT), dict):
        raise OpenIdRefused(OpenIdReason.TOKEN, "events")
    if "nonce" in claims:
        raise OpenIdRefused(OpenIdReason.TOKEN, "an ID token, and no logout token")
    if not any(isinstance(claims.get(name), str) and claims[name] for name in ("sub", "sid")):
        raise OpenIdRefused(OpenIdReason.TOKEN, "neither sub nor sid")
    if float(claims["iat"]) < time.time() - OLDEST_LOGOUT:
        raise OpenIdRefused(OpenIdReason.EXPIRED, "iat")
    return claims


def _verified(token: object, provider: Provider, client_id: str, *, required: list[str]) -> Claims:
    if not isinstance(token, str) or len(token) > LONGEST:
        raise OpenIdRefused(OpenIdReason.TOKEN, "none, or too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise OpenIdRefused(OpenIdReason.TOKEN, "header") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS & provider.facts().signing_algorithms:
        raise OpenIdRefused(OpenIdReason.ALGORITHM, str(algorithm)[:20])
    last = OpenIdRefused(OpenIdReason.SIGNATURE, "no key of this name")
    for key in provider.keys_for(kid, str(algorithm)):
        try:
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[str(algorithm)],
                audience=client_id,
                issuer=provider.issuer,
                leeway=LEEWAY,
                options={"require": required, "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            last = OpenIdRefused(_why(error), type(error).__name__)
            if not isinstance(error, jwt.InvalidSignatureError):
                break
        else:
            return claims
    raise last


def _why(error: jwt.PyJWTError) -> OpenIdReason:
    reasons: list[tuple[type[Exception], OpenIdReason]] = [
        (jwt.InvalidSignatureError, OpenIdReason.SIGNATURE),
        (jwt.ExpiredSignatureError, OpenIdReason.EXPIRED),
        (jwt.InvalidAudienceError, OpenIdReason.AUDIENCE),
        (jwt.InvalidIssuerError, OpenIdReason.ISSUER),
        (jwt.InvalidAlgorithmError, OpenIdReason.ALGORITHM),
    ]
    return next((why for kind, why in reasons if isinstance(error, kind)), OpenIdReason.TOKEN)
