"""What the accounts have sealed: names, requests, second factors, and the keyed hashes that count wrong passwords."""

import base64
from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from adherents.accounts.models import Account, DirectoryIdentity, ResetRequest, SignInCounter
from adherents.accounts.second_factor.sealing import open_secret, seal_secret
from adherents.crypto.index import blind_index, blind_indexes
from adherents.crypto.keys import CannotOpen, keyring
from adherents.crypto.rotation import BATCH, RotationStats, resealed, rotation

SEALED_IN_A_FACTOR = ("secret", "seed", "key")


@rotation("accounts", covers=[(Account, "display_name")])
def accounts() -> Iterator[RotationStats]:
    return resealed(Account, "display_name")


@rotation("people of the directory who wait", covers=[(DirectoryIdentity, "presented_name")])
def directory_identities() -> Iterator[RotationStats]:
    return resealed(DirectoryIdentity, "presented_name")


@rotation("reset requests", covers=[(ResetRequest, "identifier")])
def reset_requests() -> Iterator[RotationStats]:
    return resealed(ResetRequest, "identifier")


@rotation("sign-in counters", covers=[(SignInCounter, "identifier_index")])
def counters() -> Iterator[RotationStats]:
    """Those of accounts. A number that belongs to no account is not stored: its count goes with the old key."""
    last = 0
    while people := list(
        Account.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "identifier")[:BATCH]
    ):
        turned, last = RotationStats(seen=len(people)), people[-1][0]
        old = {
            index: identifier
            for _, identifier in people
            for index in blind_indexes("sign-in", identifier)
            if index != blind_index("sign-in", identifier)
        }
        counters = SignInCounter.objects.filter(identifier_index__in=list(old)) if old else []
        for identifier in {old[bytes(row.identifier_index)] for row in counters}:
            _count_under_the_first_key(identifier, turned)
        yield turned


def _count_under_the_first_key(identifier: str, turned: RotationStats) -> None:
    """One counter a browser again: where two keys made two of them, the more severe stays."""
    index = blind_index("sign-in", identifier)
    try:
        with transaction.atomic():
            kept: dict[int, SignInCounter] = {}
            rows = SignInCounter.objects.every(identifier).select_for_update()
            for row in sorted(rows, key=_severity, reverse=True):
                if row.device_id in kept:
                    row.delete()
                else:
                    kept[row.device_id] = row
            for row in kept.values():
                if bytes(row.identifier_index) != index:
                    # Only the hash: a try may have been counted since the row was read.
                    turned.changed += SignInCounter.objects.filter(pk=row.pk).update(identifier_index=index)
    except IntegrityError:  # a first try made the same row meanwhile
        turned.late += 1


def _severity(row: SignInCounter) -> tuple[bool, float, int]:
    return row.locked_at is not None, row.locked_at.timestamp() if row.locked_at else 0.0, row.failures


@rotation("second factors", covers=[(Authenticator, "data")])
def second_factors() -> Iterator[RotationStats]:
    last = 0
    while factors := list(Authenticator.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        turned, last = RotationStats(seen=len(factors)), factors[-1].pk
        for factor in factors:
            try:
                if _old_parts(factor):
                    turned.changed += _reseal_factor(factor.pk)
            except CannotOpen:
                turned.closed.append(f"{Authenticator._meta.label} {factor.pk}")
        yield turned


def _old_parts(factor: Authenticator) -> list[str]:
    """Those that are under another key than the first. Raises `CannotOpen` where one does not open, whatever its key."""
    parts = [part for part in SEALED_IN_A_FACTOR if part in factor.data]
    for part in parts:
        open_secret(factor.data[part], account_id=factor.user_id)
    return [part for part in parts if not keyring().is_current(base64.b64decode(factor.data[part]))]


def _reseal_factor(pk: int) -> int:
    """Under the row's lock: the step of the last code, or the codes that are left, are in the same column."""
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if factor is None:
            return 0
        for part in _old_parts(factor):
            factor.data[part] = seal_secret(
                open_secret(factor.data[part], account_id=factor.user_id), account_id=factor.user_id
            )
        factor.save(update_fields=["data"])
    return 1
