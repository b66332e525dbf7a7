"""The tables of the vault."""

from adherents.vault.legibility import SetAside
from adherents.vault.models.acknowledgements import LONGEST_REFERENCE, Acknowledgement
from adherents.vault.models.deposits import Deposit, DepositQuerySet
from adherents.vault.models.documents import (
    REPLACES,
    UNANSWERED,
    Document,
    DocumentQuerySet,
    Earlier,
    State,
)
from adherents.vault.models.files import NamedFile
from adherents.vault.models.pages import Page, Small, Thumbnail
from adherents.vault.models.pending_files import (
    SENDING,
    PendingFile,
    PendingFileQuerySet,
    Sending,
    SendingQuerySet,
    Upload,
    UploadPart,
    UploadQuerySet,
)
from adherents.vault.models.photos import GatheredPhoto
from adherents.vault.models.receipts import (
    Receipt,
    ReceiptBlock,
    ReceiptCounter,
    SigningKey,
    SigningKeyQuerySet,
)
from adherents.vault.models.turns import DrawingTurn

__all__ = [
    "LONGEST_REFERENCE",
    "REPLACES",
    "SENDING",
    "UNANSWERED",
    "Acknowledgement",
    "Deposit",
    "DepositQuerySet",
    "Document",
    "DocumentQuerySet",
    "DrawingTurn",
    "Earlier",
    "GatheredPhoto",
    "NamedFile",
    "Page",
    "PendingFile",
    "PendingFileQuerySet",
    "Receipt",
    "ReceiptBlock",
    "ReceiptCounter",
    "Sending",
    "SendingQuerySet",
    "SetAside",
    "SigningKey",
    "SigningKeyQuerySet",
    "Small",
    "State",
    "Thumbnail",
    "Upload",
    "UploadPart",
    "UploadQuerySet",
]
