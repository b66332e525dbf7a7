"""What a provider says of itself: its addresses and its keys. Asked for once an hour, and again for a key that is unknown."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from adherents.accounts.openid.calls import ask
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT_FOR = 3600.0  # seconds
KEYS_AGAIN_AFTER = 60.0  # seconds: so often at most a token with an unknown key makes us ask
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Discovery:
    """What discovery says (OpenID Connect Discovery 1.0, section 3), of what is used here."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    userinfo_endpoint: str
    takes_secret_in_form: bool
    says_issuer: bool  # in its answer (RFC 9207)
    takes_claims: bool
    signing_algorithms: frozenset[str]


class Provider:
    """One provider, by its issuer. Threads share it."""

    def __init__(self, issuer: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer, self._clock = issuer, clock
        self._lock = threading.Lock()
        self._facts: tuple[float, Discovery] | None = None
        self._keys: tuple[float, list[Mapping[str, Any]]] | None = None

    def facts(self) -> Discovery:
        """Raises `OpenIdRefused`: AWAY, or MISCONFIGURED with what is wrong."""
        kept = self._facts
        if kept is None or self._clock() - kept[0] > KEPT_FOR:
            kept = self._facts = (
                self._clock(),
                _facts(_json(self.issuer.rstrip("/") + WELL_KNOWN), self.issuer),
            )
        return kept[1]

    def keys_for(self, kid: str | None, algorithm: str) -> list[jwt.PyJWK]:
        """The keys that may have signed a token with this header; none where no key fits. Raises `OpenIdRefused`.

        Without a `kid`, all that fit the algorithm. An unknown `kid` makes us ask again, at most once a minute: keys turn.
        """
        kept = self._kept_keys()
        fitting = _fitting(kept[1], kid, algorithm)
        if not fitting and self._clock() - kept[0] > KEYS_AGAIN_AFTER:
            fitting = _fitting(self._fetched_keys(kept)[1], kid, algorithm)
        return fitting

    def _kept_keys(self) -> tuple[float, list[Mapping[str, Any]]]:
        kept = self._keys
        if kept is None or self._clock() - kept[0] > KEPT_FOR:
            kept = self._fetched_keys(kept)
        return kept

    def _fetched_keys(
        self, known: tuple[float, list[Mapping[str, Any]]] | None
    ) -> tuple[float, list[Mapping[str, Any]]]:
        """One thread asks; those that waited for it take what it found."""
        with self._lock:
            if self._keys is None or self._keys is known:
                said = _json(self.facts().jwks_uri).get("keys")
                every = said if isinstance(said, list) else []
                found: list[Mapping[str, Any]] = [key for key in every if isinstance(key, dict)]
                self._keys = self._clock(), found
            return self._keys


_providers: dict[str, Provider] = {}
_one_maker = threading.Lock()


def provider_of(issuer: str) -> Provider:
    """The one that this process knows."""
    with _one_maker:
        if issuer not in _providers:
            _providers[issuer] = Provider(issuer)
        return _providers[issuer]


def forget_all() -> None:
    """What providers said is asked for again (a test's first line)."""
    with _one_maker:
        _providers.clear()


def _json(url: str) -> dict[str, Any]:
    status, content = ask(url)
    try:
        said = json.loads(content) if status == 200 else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise OpenIdRefused(OpenIdReason.MISCONFIGURED, f"{url} answers {status}, and no JSON object")
    return said


def _facts(said: dict[str, Any], issuer: str) -> Discovery:
    if said.get("issuer") != issuer:
        raise OpenIdRefused(
            OpenIdReason.MISCONFIGURED, f"it says that its issuer is {str(said.get('issuer'))[:200]}"
        )
    challenges = said.get("code_challenge_methods_supported")
    if challenges is not None and "S256" not in challenges:
        raise OpenIdRefused(OpenIdReason.MISCONFIGURED, "it takes no PKCE with S256")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not {"client_secret_basic", "client_secret_post"} & set(methods):
        raise OpenIdRefused(OpenIdReason.MISCONFIGURED, "it takes no client secret, in a header or in a form")
    return Discovery(
        authorization_endpoint=_address(said, "authorization_endpoint", issuer),
        token_endpoint=_address(said, "token_endpoint", issuer),
        jwks_uri=_address(said, "jwks_uri", issuer),
        end_session_endpoint=_address(said, "end_session_endpoint", issuer, needed=False),
        userinfo_endpoint=_address(said, "userinfo_endpoint", issuer, needed=False),
        takes_secret_in_form="client_secret_basic" not in methods,
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        takes_claims=said.get("claims_parameter_supported") is True,
        signing_algorithms=frozenset(
            map(str, said.get("id_token_signing_alg_values_supported") or ["RS256"])
        ),
    )


def _address(said: dict[str, Any], name: str, issuer: str, *, needed: bool = True) -> str:
    """https, or http on this very machine where the issuer is there too."""
    address = said.get(name)
    if address is None and not needed:
        return ""
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    on_this_machine = urlsplit(issuer).hostname in LOOPBACK and parts.hostname in LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and on_this_machine)):
        raise OpenIdRefused(OpenIdReason.MISCONFIGURED, f"its {name} is no https address")
    return str(address)


def _fitting(keys: list[Mapping[str, Any]], kid: str | None, algorithm: str) -> list[jwt.PyJWK]:
    """Public keys that sign, with this name, made for this algorithm. One that cannot be read is passed over."""
    fitting = []
    for key in keys:
        named = kid is None or key.get("kid") == kid
        if named and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm:
            try:
                fitting.append(jwt.PyJWK(dict(key), algorithm))
            except jwt.PyJWTError:
                continue
    return fitting
