"""A security key in software: it makes a passkey and signs challenges, as its holder wants it to, or a thief."""

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

RP_ID, ORIGIN = "testserver", "http://testserver"
OPTIONS = "/compte/securite/cles/connexion/"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SecurityKey:
    """`counter`: what it says of the number of its signatures; always 0 where `counts` is False, as most passkeys do."""

    counter: int = 0
    counts: bool = True
    owner: bytes = b""
    id: bytes = field(default_factory=lambda: os.urandom(32))
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def made(self, creation_options: dict[str, Any], *, verified: bool = True) -> str:
        """What a browser posts of a new passkey."""
        public = creation_options["publicKey"]
        self.owner = websafe_decode(public["user"]["id"])
        credential = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.secret.public_key())
        )
        attestation = AttestationObject.create("none", self._data(verified, ATTESTED, bytes(credential)), {})
        response = {
            "clientDataJSON": self._client_data("webauthn.create", public["challenge"]),
            "attestationObject": websafe_encode(bytes(attestation)),
        }
        return self._posted(response, {"credProps": {"rk": True}})

    def signed(self, request_options: dict[str, Any], *, verified: bool = True) -> str:
        """What a browser posts of an answer to a challenge. `verified`: the PIN, the fingerprint or the face was right."""
        data = self._data(verified)
        client_data = self._client_data("webauthn.get", request_options["publicKey"]["challenge"])
        signed = bytes(data) + sha256(websafe_decode(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": websafe_encode(bytes(data)),
            "signature": websafe_encode(self.secret.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": websafe_encode(self.owner),
        }
        return self._posted(response, {})

    def _data(self, verified: bool, flags: int = 0, credential: bytes = b"") -> AuthenticatorData:
        self.counter += self.counts
        flags |= PRESENT | (VERIFIED if verified else 0)
        return AuthenticatorData.create(sha256(RP_ID.encode()).digest(), flags, self.counter, credential)

    def _client_data(self, kind: str, challenge: str) -> str:
        return websafe_encode(
            json.dumps(
                {"type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": False}
            ).encode()
        )

    def _posted(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        whole = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": extensions}
        return json.dumps(whole | {"response": response})


def sign_in_options(client: Client) -> dict[str, Any]:
    """What the script of a sign-in page is given."""
    options: dict[str, Any] = client.get(OPTIONS, headers={"accept": "application/json"}).json()[
        "request_options"
    ]
    return options


def options_on(page: object) -> dict[str, Any]:
    """What a page holds for its script."""
    content = page.content.decode()  # type: ignore[attr-defined]
    held = content.partition('<script id="passkey-data" type="application/json">')[2].partition("</script>")[
        0
    ]
    data: dict[str, Any] = json.loads(held)
    options: dict[str, Any] = data.get("creation_options") or data["request_options"]
    return options
