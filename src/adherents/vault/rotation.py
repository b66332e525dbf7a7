"""What the vault has sealed: a key for each document, page image and waiting file, and the key that signs receipts."""

from collections.abc import Iterator

from adherents.crypto.envelopes import rewrapped
from adherents.crypto.keys import CannotOpen
from adherents.crypto.rotation import RotationStats, Stored, each_row, resealed, rotation
from adherents.storage.models import SealedFile
from adherents.vault.models import Page, SigningKey
from adherents.vault.receipts import signing
from adherents.vault.services.verification import sealed_models


@rotation("documents, pages and waiting files", covers=[(model, "wrapped_key") for model in sealed_models()])
def files() -> Iterator[RotationStats]:
    """Their bytes stay as they are: only the key that opens them is wrapped anew."""
    for model in sealed_models():
        yield from _files_of(model)


def _files_of(model: type[SealedFile]) -> Iterator[RotationStats]:
    bound = [column for column in ("document_id", "upload_id", "offset", "number") if _has(model, column)]

    def anew(row: Stored) -> Stored:
        if not row["wrapped_key"]:
            return {}  # destroyed: there is nothing to open any more
        key = model._meta.pk.attname if model._meta.pk else "id"
        file = model(**{key if name == "pk" else name: value for name, value in row.items()})
        wrapped = rewrapped(row["wrapped_key"], document_id=file.sealed_as, sha256=file.sha256)
        return {} if wrapped is None else {"wrapped_key": wrapped}

    return each_row(model._base_manager.all(), ["wrapped_key", "sha256", *bound], anew)


def _has(model: type[SealedFile], column: str) -> bool:
    return column in {field.attname for field in model._meta.concrete_fields}


@rotation("imprints of pages", covers=[(Page, "imprint")])
def imprints() -> Iterator[RotationStats]:
    """Of the pages that have one."""
    return resealed(Page, "imprint")


@rotation("signing keys", covers=[(SigningKey, "sealed_seed")])
def signing_keys() -> Iterator[RotationStats]:
    """A handful: one a renewal. What they signed does not change."""
    turned = RotationStats(seen=SigningKey.objects.count())
    try:
        turned.changed = signing.reseal()
    except CannotOpen:
        turned.closed.append(f"{SigningKey._meta.label}: one of them")
    yield turned
