"""What the tests of the API share: a client with a key, and how it calls."""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.test import Client

from adherents.api.models import ApiClient
from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client

BASE = "/api/v1/"


class System:
    """A program of the insurer: `get` and `post` call an address below `/api/v1/` with its key."""

    def __init__(self, name: str = "coeur", scopes: Iterable[Scope] = tuple(Scope), **options: Any) -> None:
        self.client, self.key = create_client(name=name, scopes=list(scopes), **options)
        self.credential = self.key
        self.browser = Client(raise_request_exception=False)

    @property
    def row(self) -> ApiClient:
        return ApiClient.objects.get(pk=self.client.pk)

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.credential}"} | options.pop("headers", {})
        return self.browser.generic(method, BASE + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.call("GET", path, **options)

    def post(self, path: str, body: object, *, key: str = "", **options: Any) -> Any:
        headers = options.pop("headers", {}) | ({"Idempotency-Key": key} if key else {})
        return self.call(
            "POST",
            path,
            data=json.dumps(body),
            content_type="application/json",
            headers=headers,
            **options,
        )

    def token(self, **fields: str) -> Any:
        """What `POST token` answers, asked with these fields beside the client's own."""
        form = {"grant_type": "client_credentials", "client_id": self.client.name, "client_secret": self.key}
        return post_form("token", form | fields)


def post_form(path: str, fields: dict[str, str], **headers: str) -> Any:
    from urllib.parse import urlencode

    return Client(raise_request_exception=False).post(
        BASE + path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


def code_of(response: Any) -> str:
    """The code of the problem that was answered."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content[:300]
    said = response.json()
    assert said["status"] == response.status_code
    assert said["request_id"] == response.headers["X-Request-ID"]
    return str(said["type"]).rpartition("/")[2]


def faults_of(response: Any) -> list[dict[str, str]]:
    """The wrong values that were answered: each says where, a code for programs, and why in words."""
    assert code_of(response) == "invalid"
    faults: list[dict[str, str]] = response.json()["errors"]
    assert faults
    for fault in faults:
        assert fault.keys() == {"in", "at", "code", "message"}
        assert re.fullmatch("[a-z0-9_]+", fault["code"]), fault
        assert len(fault["message"]) > 10, fault
        assert not {"said", "sent"} & set(fault["at"].split("/"))  # our own name for the body
    return faults
