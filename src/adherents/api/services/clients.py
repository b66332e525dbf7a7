"""Clients: a program of the insurer is let in, gets a new key, is suspended, may call again. Only a person who installs the
portal or an administrateur does it, and the journal says who.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from ipaddress import ip_network
from string import ascii_lowercase

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.services.systems import system_account
from adherents.api.models import CALLS_A_MINUTE, LONGEST_NAME, MOST_KEYS, ApiClient, ApiKey
from adherents.api.scopes import Scope
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record

KEY_DAYS = 400
PREFIX = "adh"  # of a key: secret scanners, and people, see what it is
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_NAME - 1}}}")


class ClientRefused(Exception):
    """Why this cannot be done, in words for the administrateur. `refused_at`: the field of the form."""

    message: str | Promise = _("Cela ne peut pas se faire.")
    refused_at: str | None = None


class NameTaken(ClientRefused):
    message = _("Un système porte déjà ce nom.")
    refused_at = "name"


class NotAName(ClientRefused):
    message = _("Un nom a des minuscules sans accents, des chiffres et des tirets, 40 au plus.")
    refused_at = "name"


class NotANetwork(ClientRefused):
    message = _("Écrivez des adresses ou des réseaux, comme 192.0.2.0/24, séparés par des espaces.")
    refused_at = "networks"


class NoScope(ClientRefused):
    message = _("Choisissez au moins un droit.")
    refused_at = "scopes"


class TooManyKeys(ClientRefused):
    message = _("Deux clés sont déjà valables : retirez celle qui ne sert plus.")


class AlreadySuspended(ClientRefused):
    message = _("C’est déjà le cas.")


def networks_in(text: str) -> list[str]:
    """« 192.0.2.0/24 2001:db8::1 » as networks, each once. Raises `NotANetwork`."""
    try:
        found = [str(ip_network(part, strict=False)) for part in re.split(r"[\s,;]+", text) if part]
    except ValueError as error:
        raise NotANetwork from error
    return list(dict.fromkeys(found))


def create_client(
    *,
    name: str,
    scopes: Collection[Scope],
    actor: str = "system",
    networks: Sequence[str] = (),
    calls_a_minute: int = CALLS_A_MINUTE,
    key_days: int | None = KEY_DAYS,
) -> tuple[ApiClient, str]:
    """Let a program in. Returns it with its key, which is shown once. Raises a `ClientRefused`. `key_days` None: no end."""
    if not _NAME.fullmatch(name):
        raise NotAName
    if not scopes:
        raise NoScope
    with transaction.atomic():
        account, is_new = system_account(f"client:{name}", name=name)
        if not is_new:
            raise NameTaken
        client = ApiClient.objects.create(
            name=name,
            account=account,
            scopes=[scope.value for scope in Scope if scope in scopes],
            networks=list(networks),
            calls_a_minute=calls_a_minute,
        )
        record(Event.CLIENT_CREATED, subject=client.subject, actor=actor, scopes=" ".join(client.scopes))
        return client, _new_key(client, key_days=key_days, actor=actor)


def rotate_key(*, client: ApiClient, actor: str, key_days: int | None = KEY_DAYS) -> str:
    """A second key, so that the program can be given it before the first is ended. Raises `TooManyKeys`."""
    with transaction.atomic():
        current = _locked(client)
        if current.keys.filter(pk__in=ApiKey.objects.live().values("pk")).count() >= MOST_KEYS:
            raise TooManyKeys
        return _new_key(current, key_days=key_days, actor=actor)


def end_key(*, client: ApiClient, key_id: str, actor: str) -> None:
    """This key opens nothing any more, nor do the tokens that it was given. Twice is once."""
    with transaction.atomic():
        current = _locked(client)
        if key_id.isalnum() and current.keys.filter(pk=key_id, ended_at=None).update(ended_at=timezone.now()):
            record(Event.CLIENT_KEY_ENDED, subject=current.subject, actor=actor, key=key_id)


def suspend(*, client: ApiClient, actor: str, reason: str) -> None:
    """Nothing opens for this program any more, at once. Raises `AlreadySuspended`."""
    _stop_or_go(client, actor, reason, stop=True)


def resume(*, client: ApiClient, actor: str, reason: str) -> None:
    """The program may call again, with the keys that it had. Raises `AlreadySuspended`: it was not suspended."""
    _stop_or_go(client, actor, reason, stop=False)


def _stop_or_go(client: ApiClient, actor: str, reason: str, *, stop: bool) -> None:
    with transaction.atomic():
        current = _locked(client)
        if (current.suspended_at is not None) == stop:
            raise AlreadySuspended
        now = timezone.now() if stop else None
        ApiClient.objects.filter(pk=current.pk).update(suspended_at=now)
        Account.objects.filter(pk=current.account_id).update(closed_at=now)
        event = Event.CLIENT_SUSPENDED if stop else Event.CLIENT_RESUMED
        record(event, subject=current.subject, actor=actor, reason=reason)


def hash_key(secret: str) -> str:
    """What is kept of a key (sealed): 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


@needs_transaction
def _new_key(client: ApiClient, *, key_days: int | None, actor: str) -> str:
    """To be called in a transaction that holds the client's row, or has just made it."""
    # Letters alone: the journal names a key, and no number of a person looks like one.
    key_id, secret = "".join(secrets.choice(ascii_lowercase) for _ in range(12)), secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(days=key_days) if key_days is not None else None
    ApiKey.objects.create(id=key_id, client=client, digest=hash_key(secret), expires_at=expires_at)
    record(Event.CLIENT_KEY_MADE, subject=client.subject, actor=actor, key=key_id)
    return f"{PREFIX}_{key_id}_{secret}"


def _locked(client: ApiClient) -> ApiClient:
    return ApiClient.objects.select_for_update(of=("self",)).select_related("account").get(pk=client.pk)
