"""The tables of the vault."""

from adherents.vault.models.documents import (
    REPLACES,
    Arrival,
    ArrivalQuerySet,
    Deposit,
    DepositQuerySet,
    Document,
    DocumentQuerySet,
    Earlier,
    GatheredPhoto,
    Page,
    SetAside,
    State,
    UnclaimedObject,
    Upload,
    UploadPart,
    UploadQuerySet,
)
from adherents.vault.models.receipts import Receipt, ReceiptCounter, SigningKey, SigningKeyQuerySet
from adherents.vault.models.turns import DrawingTurn
from adherents.vault.sealed import NamedFile, SealedFile

__all__ = [
    "REPLACES",
    "Arrival",
    "ArrivalQuerySet",
    "Deposit",
    "DepositQuerySet",
    "Document",
    "DocumentQuerySet",
    "DrawingTurn",
    "Earlier",
    "GatheredPhoto",
    "NamedFile",
    "Page",
    "Receipt",
    "ReceiptCounter",
    "SealedFile",
    "SetAside",
    "SigningKey",
    "SigningKeyQuerySet",
    "State",
    "UnclaimedObject",
    "Upload",
    "UploadPart",
    "UploadQuerySet",
]
