"""The way from our page to the provider's and back: what ties the answer to this browser and to this one request.

Nothing is written before it is used (decision 23): the browser carries it, sealed, in a cookie. Its `state` opens once.
"""

import json
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode

from django.utils import timezone

from adherents.accounts.openid.calls import ask
from adherents.accounts.openid.provider import Provider
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.crypto.keys import CannotOpen, keyring

LIFE = timedelta(minutes=15)  # a password and a second proof over there
_PURPOSE, _NOTE = "openid trip", "openid note"


@dataclass(frozen=True)
class Trip:
    """One request. `wanted`: the page that it leads to in the end. `verifier` is PKCE's (RFC 7636)."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    begun: int

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.begun, UTC) + LIFE

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Tokens:
    """What a code was changed for. Nothing of it is believed yet."""

    id_token: object = field(repr=False)
    access_token: object = field(repr=False)


@dataclass(frozen=True)
class RelyingParty:
    """Who we are to the provider."""

    provider: Provider
    client_id: str
    secret: str
    come_back: str

    def way_there(
        self, trip: Trip, *, scopes: str, acr_values: tuple[str, ...] = (), prompt: str = ""
    ) -> str:
        """The address at the provider's. Raises `OpenIdRefused`."""
        facts = self.provider.facts()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.come_back,
            "scope": scopes,
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": trip.challenge,
            "code_challenge_method": "S256",
        }
        if acr_values:
            asked["acr_values"] = " ".join(acr_values)
        if prompt:
            asked["prompt"] = prompt
        if facts.takes_claims:
            acr = {"essential": True, "values": list(acr_values)} if acr_values else None
            asked["claims"] = json.dumps({"id_token": {"acr": acr, "amr": None}}, separators=(",", ":"))
        there = facts.authorization_endpoint
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    def check_answer_is_of_provider(self, issuer: str | None) -> None:
        """`iss` of the answer: another provider's answer is not sent to this one (RFC 9207). Raises `OpenIdRefused`."""
        if issuer != self.provider.issuer and (issuer is not None or self.provider.facts().says_issuer):
            raise OpenIdRefused(OpenIdReason.ISSUER, "of the answer")

    def tokens_for(self, code: str, trip: Trip) -> Tokens:
        """Change the code for tokens, still unread. Raises `OpenIdRefused`."""
        facts, authorization = self.provider.facts(), ""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.come_back,
            "code_verifier": trip.verifier,
        }
        if facts.takes_secret_in_form:
            form |= {"client_id": self.client_id, "client_secret": self.secret}
        else:  # each part quoted first (RFC 6749, section 2.3.1)
            pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
            authorization = f"Basic {b64encode(pair.encode()).decode()}"
        status, content = ask(facts.token_endpoint, form=form, authorization=authorization)
        try:
            said = json.loads(content)
        except (ValueError, RecursionError):
            said = None
        if status == 401 or (isinstance(said, dict) and said.get("error") == "invalid_client"):
            raise OpenIdRefused(OpenIdReason.MISCONFIGURED, "it does not take our client_id or our secret")
        if status != 200 or not isinstance(said, dict):
            # Of what the provider says only the status is kept: the rest may quote the code.
            raise OpenIdRefused(OpenIdReason.CODE, f"status {status}")
        return Tokens(said.get("id_token"), said.get("access_token"))

    def userinfo_for(self, tokens: Tokens) -> str:
        """What the provider says of the person, as a signed token, still unread. Raises `OpenIdRefused`."""
        there, proof = self.provider.facts().userinfo_endpoint, tokens.access_token
        if not there:
            raise OpenIdRefused(OpenIdReason.MISCONFIGURED, "it has no userinfo_endpoint")
        if not isinstance(proof, str) or not proof.isascii() or not proof.isprintable():
            raise OpenIdRefused(OpenIdReason.TOKEN, "no access token")
        status, content = ask(there, authorization=f"Bearer {proof}", accept="application/jwt")
        if status != 200:
            raise OpenIdRefused(OpenIdReason.CODE, f"userinfo: status {status}")
        return content.decode("ascii", "replace").strip()


def begin(*, wanted: str) -> Trip:
    """A fresh one: 256 random bits for each of the three."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Trip(state, nonce, verifier, wanted, int(timezone.now().timestamp()))


def sealed_note(text: str, place: str) -> str:
    """A short text for a page to carry, and to give back within the life of a trip."""
    note = json.dumps([text, int(timezone.now().timestamp())]).encode()
    return urlsafe_b64encode(keyring().seal(_NOTE, note, place.encode())).decode()


def opened_note(text: str, place: str) -> str:
    """Undo `sealed_note`; "" where it was not sealed here, or has ended."""
    try:
        said, at = json.loads(keyring().open(_NOTE, urlsafe_b64decode(text), place.encode()))
    except (ValueError, CannotOpen):
        return ""
    return str(said) if datetime.fromtimestamp(at, UTC) + LIFE > timezone.now() else ""


def sealed(trips: list[Trip], place: str) -> str:
    """For a cookie. `place`: the cookie's name; of another one they do not open."""
    clear = json.dumps([asdict(trip) for trip in trips]).encode()
    return urlsafe_b64encode(keyring().seal(_PURPOSE, clear, place.encode())).decode()


def opened(text: str, place: str) -> list[Trip]:
    """Undo `sealed`; those that have ended are left out. Empty where it was not sealed here."""
    try:
        clear = keyring().open(_PURPOSE, urlsafe_b64decode(text), place.encode())
    except (ValueError, CannotOpen):
        return []
    trips = [Trip(**facts) for facts in json.loads(clear)]
    return [trip for trip in trips if trip.ends_at > timezone.now()]
