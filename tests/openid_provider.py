"""A real OpenID provider (`oidc-provider-mock`), with what it lacks: PKCE held to, a discovery and tokens that can be made wrong.

It runs in a thread of the tests. What it is told to do wrong, it does until the next test.
"""

import base64
import hashlib
import io
import json
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adherents.accounts.openid import calls
from adherents.accounts.openid import provider as known_provider

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # authlib tells of its next version
    import flask
    import oidc_provider_mock
    from oidc_provider_mock._server import _threaded_server

CLIENT_ID, SECRET = "espace-adherents", "the-secret-of-the-tests-0123456789"
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
Claims = dict[str, Any]
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Wrongs:
    """What it does otherwise than it should. `claims`: changes those of the ID token; `sign`: with what it is signed; `told`,
    `told_signed`: the same of what it says of a person (userinfo)."""

    claims: Callable[[Claims], Claims] = lambda claims: claims
    sign: str = "right"
    told: Callable[[Claims], Claims] = lambda claims: claims
    told_signed: str = "right"  # « not »: as JSON
    discovery: dict[str, Any] = field(default_factory=dict)
    refuses_secret: bool = False
    fails_with: int = 0
    waits: float = 0
    forgets_verifier: bool = False


class TestProvider:
    """`issuer` is its address; `users` what it says of each `sub`."""

    __test__ = False

    def __init__(self, app: flask.Flask) -> None:
        self.issuer, self.wrong = "", Wrongs()
        self.asked: list[str] = []  # the paths that the portal called
        self._said: dict[str, Claims] = {}
        self._inner = app.wsgi_app
        self._app = app
        self._challenges: dict[str, str] = {}
        with app.test_request_context("/"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            app.preprocess_request()
            self.jwk = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)

    def say_of(self, sub: str, **claims: Any) -> None:
        self._said[sub] = claims
        with httpx.Client(verify=False) as browser:
            browser.put(f"{self.issuer}/users/{sub}", json=claims).raise_for_status()

    def let_in(self, there: str, sub: str, *, action: str = "") -> str:
        """What a person does there: the form of the page `there`. Returns the address that leads back to the portal."""
        with httpx.Client(verify=False) as browser:
            answer = browser.post(there, data={"action": action} if action else {"sub": sub})
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def logout_token(self, *, sign: str = "right", without: str = "", **changes: Any) -> str:
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": int(time.time()),
            "exp": int(time.time()) + 120,
            "jti": str(uuid.uuid4()),
            "events": {LOGGED_OUT: {}},
        } | changes
        claims.pop(without, None)
        return self.signed(claims, sign)

    def signed(self, claims: Claims, sign: str) -> str:
        if sign == "none":
            return jwt.encode(claims, None, algorithm="none")
        if sign == "public key as a secret":
            return self._hs256(claims)
        key = STRANGERS_KEY if sign == "strangers" else jwt.PyJWK(self.jwk, "RS256").key
        kid = {"strangers": self.jwk.get("kid"), "unknown kid": "another"}.get(sign, self.jwk.get("kid"))
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid} if kid else {})

    def _hs256(self, claims: Claims) -> str:
        """By hand: PyJWT refuses to take a public key for a secret."""
        public = jwt.PyJWK(self.jwk, "RS256").key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [
            json.dumps({"alg": "HS256", "typ": "JWT", "kid": self.jwk.get("kid", "")}),
            json.dumps(claims),
        ]
        text = ".".join(_b64(part.encode()) for part in parts)
        import hmac

        return f"{text}.{_b64(hmac.new(pem, text.encode(), 'sha256').digest())}"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path.startswith(("/.well-known", "/jwks", "/oauth2/token")):
            self.asked.append(path)
            time.sleep(self.wrong.waits)
            if self.wrong.fails_with:
                start_response(f"{self.wrong.fails_with} Failed", [("Content-Length", "0")])
                return [b""]
        if path == "/oauth2/token":
            return self._token(environ, start_response)
        status, headers, body = self._answer(environ)
        if path == "/userinfo":
            return self._userinfo(json.loads(body), start_response)
        if path.startswith("/.well-known"):
            said = {
                **json.loads(body),
                "code_challenge_methods_supported": ["S256"],
                "backchannel_logout_supported": True,
                **self.wrong.discovery,
            }
            body = json.dumps({key: value for key, value in said.items() if value is not None}).encode()
        if path == "/oauth2/authorize" and environ["REQUEST_METHOD"] == "POST":
            asked = parse_qs(environ["QUERY_STRING"])
            code = parse_qs(urlsplit(headers.get("Location", "")).query).get("code", [""])[0]
            assert asked["code_challenge_method"] == ["S256"]
            self._challenges[code] = asked["code_challenge"][0]
        headers["Content-Length"] = str(len(body))
        start_response(status, list(headers.items()))
        return [body]

    def _token(self, environ: dict[str, Any], start_response: Any) -> Any:
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        form = {name: values[0] for name, values in parse_qs(content.decode()).items()}
        verifier = "" if self.wrong.forgets_verifier else form.get("code_verifier", "")
        challenge = _b64(hashlib.sha256(verifier.encode()).digest())
        if self.wrong.refuses_secret:
            return _json(start_response, "401 Unauthorized", {"error": "invalid_client"})
        if challenge != self._challenges.get(form["code"]):
            return _json(start_response, "400 Bad Request", {"error": "invalid_grant"})
        environ["wsgi.input"] = io.BytesIO(content)
        status, _headers, body = self._answer(environ)
        said = json.loads(body)
        if "id_token" in said:
            claims = jwt.decode(said["id_token"], options={"verify_signature": False})
            changed = self.wrong.claims(dict(claims))
            if changed != claims or self.wrong.sign != "right":
                said["id_token"] = self.signed(changed, self.wrong.sign)
        return _json(start_response, status, said)

    def _userinfo(self, said: Claims, start_response: Any) -> list[bytes]:
        """As FranceConnect says it: signed."""
        whole = {**self._said[said["sub"]], "sub": said["sub"], "iss": self.issuer, "aud": CLIENT_ID}
        whole = self.wrong.told(whole)
        if self.wrong.told_signed == "not":
            return _json(start_response, "200 OK", whole)
        body = self.signed(whole, self.wrong.told_signed).encode()
        start_response("200 OK", [("Content-Type", "application/jwt"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
        told: list[Any] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = self._inner(environ, lambda status, headers, *_: told.extend([status, headers]))
            body = b"".join(parts)
        return told[0], dict(told[1]), body


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _json(start_response: Any, status: str, said: Any) -> list[bytes]:
    body = json.dumps(said).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def running() -> Iterator[TestProvider]:
    app = oidc_provider_mock.app()
    provider = TestProvider(app)
    app.debug = False
    with _threaded_server(provider) as server:
        provider.issuer = f"http://localhost:{server.server_port}"
        yield provider


@pytest.fixture(scope="package")
def running_provider() -> Iterator[TestProvider]:
    with running() as there:
        yield there


@pytest.fixture
def provider_in_order(running_provider: TestProvider, settings: Any) -> TestProvider:
    """It does everything right, and neither it nor the portal remembers anything of the test before."""
    running_provider.wrong = Wrongs()
    running_provider.asked.clear()
    settings.BASE_URL = "http://testserver"
    known_provider.forget_all()
    calls.forget_failures()
    return running_provider


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that takes a call and says nothing."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for line in held:
            line.close()


def back(address: str, **changes: str) -> str:
    """The path and query of an address that leads back to the portal, some of its parameters changed."""
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?{urlencode(asked)}"
