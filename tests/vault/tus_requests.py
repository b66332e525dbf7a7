"""The requests of tus by Django's client: a file is announced, brought whole or by half, asked for."""

import base64
import uuid
from typing import Any

from django.test import Client

from tests.vault.conftest import SENDING, pdf
from tests.vault.tus_client import FILES

TUS = {"Tus-Resumable": "1.0.0"}
MOST = 20 * 1024 * 1024
LARGE = pdf(60)


def encoded(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def announce(client: Client, content: bytes, name: str = "releve.pdf", **pairs: str) -> Any:
    metadata = encoded(filename=name, **{"sending": SENDING, **pairs})
    headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    return client.post(FILES, headers=headers)


def bring(client: Client, address: str, content: bytes, offset: int = 0, **headers: str) -> Any:
    return client.patch(
        address,
        content,
        content_type="application/offset+octet-stream",
        headers={**TUS, "Upload-Offset": str(offset), **headers},
    )


def asked(client: Client, address: str) -> Any:
    return client.head(address, headers=TUS)


def half(client: Client, content: bytes = LARGE, at: int = 0, **metadata: str) -> str:
    """The address of a file of which the first half came."""
    address: str = announce(client, content, **metadata)["Location"]
    bring(client, address, content[: at or len(content) // 2])
    return address


def brought(client: Client, name: str, page: str, content: bytes = LARGE) -> uuid.UUID:
    """A file that arrived for the sending that this page prepares; its id."""
    address = announce(client, content, name, sending=page)["Location"]
    assert bring(client, address, content).status_code == 204
    return uuid.UUID(address.split("/")[-2])
