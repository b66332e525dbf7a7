"""Which client calls: by its key, or by a token that the key was given for. Both open as long as the key and the client do."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from adherents.accounts.models import Account
from adherents.api.models import ApiClient, ApiKey, last_use_is_old
from adherents.api.scopes import Scope
from adherents.api.services.clients import PREFIX, hash_key
from adherents.crypto.keys import CannotOpen, keyring
from adherents.crypto.rows import readable

TOKEN_SECONDS = 600
_SHORT_LIVED = "adt"
_PURPOSE, _ASSOCIATED = "access token", b"api"
_LONGEST = 1000  # characters of what is presented


class NobodyKnown(Exception):
    """No key, or one that opens nothing: unknown, ended, expired, of a client that is suspended."""


class CallsFromAnotherNetwork(Exception):
    """The key is right, and the address is in none of the client's networks. `client` is the one whose key it is."""

    def __init__(self, client: ApiClient) -> None:
        super().__init__()
        self.client = client


@dataclass(frozen=True)
class Caller:
    """Who calls, with which key, and what that lets do."""

    client: ApiClient
    key: ApiKey
    scopes: frozenset[Scope]

    @property
    def account(self) -> Account:
        """As whom the services of other rooms know the client."""
        return self.client.account

    @property
    def actor(self) -> str:
        return self.client.subject


def identify(*, presented: str, address: str) -> Caller:
    """The client behind a key or a token. Raises `NobodyKnown` or `CallsFromAnotherNetwork`. Notes its use."""
    prefix, _, rest = presented[:_LONGEST].partition("_")
    if prefix == PREFIX:
        key_id, _, secret = rest.partition("_")
        key = _live_key(key_id)
        if not hmac.compare_digest(readable(key, "digest"), hash_key(secret)):
            raise NobodyKnown
        scopes = key.client.granted
    elif prefix == _SHORT_LIVED:
        key_id, named = _opened(rest)
        key = _live_key(key_id)
        scopes = key.client.granted & named
    else:
        raise NobodyKnown
    if not key.client.may_call_from(address):
        raise CallsFromAnotherNetwork(key.client)
    _note_use(key)
    return Caller(key.client, key, scopes)


def issue_token(*, caller: Caller, scopes: Collection[Scope]) -> str:
    """A token that lives ten minutes, for these scopes and no more than the client has."""
    ends = int(time.time()) + TOKEN_SECONDS
    said = {"key": caller.key.pk, "ends": ends, "scopes": sorted(caller.scopes.intersection(scopes))}
    sealed = keyring().seal(_PURPOSE, json.dumps(said).encode(), _ASSOCIATED)
    return f"{_SHORT_LIVED}_{urlsafe_b64encode(sealed).decode().rstrip('=')}"


def _opened(text: str) -> tuple[str, frozenset[Scope]]:
    """The key's id and the scopes of a token. Raises `NobodyKnown`."""
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        said = json.loads(keyring().open(_PURPOSE, sealed, _ASSOCIATED))
    except (ValueError, CannotOpen) as error:
        raise NobodyKnown from error
    if said["ends"] <= time.time():
        raise NobodyKnown
    return str(said["key"]), frozenset(scope for scope in Scope if scope.value in said["scopes"])


def _live_key(key_id: str) -> ApiKey:
    rows = ApiKey.objects.live().filter(client__suspended_at=None).select_related("client__account")
    key: ApiKey | None = rows.filter(pk=key_id).first() if key_id.isalnum() else None
    if key is None:
        raise NobodyKnown
    return key


def _note_use(key: ApiKey) -> None:
    if last_use_is_old(key.last_used_at):
        now = timezone.now()
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        ApiClient.objects.filter(pk=key.client_id).update(last_used_at=now)
