"""The key that signs receipts: made on first use, replaced on demand, sealed anew when the master key is rotated."""

import os

from django.db import transaction
from django.utils import timezone

from adherents.crypto.keys import keyring
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.vault.models import SigningKey
from adherents.vault.receipts import keys

_PURPOSE = "signing"


def live_key() -> SigningKey:
    """The key that signs today, made when there is none. Two processes that come first together make one."""
    key = SigningKey.objects.live().first()
    return key or _make()


def seed_of(key: SigningKey) -> bytes:
    """Raises `crypto.keys.CannotOpen` where this machine does not hold the master key that sealed it."""
    return keyring().open(_PURPOSE, bytes(key.sealed_seed), bytes(key.public))


def public_keys() -> dict[str, bytes]:
    """Every public key that ever signed, by key id, the newest first."""
    keys_newest_first = SigningKey.objects.newest_first().values_list("key_id", "public")
    return {key_id: bytes(public) for key_id, public in keys_newest_first}


def renew(*, actor: str = "system") -> SigningKey:
    """Sign with a new key from now on. What the former one signed stays true, and its public half published."""
    with transaction.atomic():
        former = SigningKey.objects.live().select_for_update().first()
        if former is not None:
            SigningKey.objects.filter(pk=former.pk).update(retired_at=timezone.now())
            record(Event.SIGNING_KEY_RETIRED, subject=former.subject, actor=actor)
        return _make(actor)


def reseal() -> int:
    """Seal under the primary master key each seed that an older one sealed; how many. For a rotation of that key."""
    primary, done = keyring().primary.id, 0
    for key in SigningKey.objects.newest_first():
        sealed = bytes(key.sealed_seed)
        if keyring().key_id(sealed) == primary:
            continue
        anew = keyring().seal(_PURPOSE, seed_of(key), bytes(key.public))
        done += SigningKey.objects.filter(pk=key.pk, sealed_seed=sealed).update(sealed_seed=anew)
    return done


def _make(actor: str = "system") -> SigningKey:
    seed = os.urandom(keys.SEED_BYTES)
    public = keys.public_of(seed)
    made = SigningKey(
        key_id=keys.key_id(public), public=public, sealed_seed=keyring().seal(_PURPOSE, seed, public)
    )
    with transaction.atomic():
        # At most one is live: the first one stays.
        SigningKey.objects.bulk_create([made], ignore_conflicts=True)
        live = SigningKey.objects.live().get()
        if live.pk == made.pk:
            record(Event.SIGNING_KEY_MADE, subject=live.subject, actor=actor)
    return live
