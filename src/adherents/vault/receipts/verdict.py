"""Whether a file is a receipt that one of these keys signed. It needs no database, and trusts nothing but the keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from adherents.vault.receipts.attachment import claims_one, receipts_in
from adherents.vault.receipts.keys import verifies
from adherents.vault.receipts.statement import (
    Envelope,
    MalformedReceipt,
    Statement,
    key_named_in,
    read_envelope,
    read_statement,
)

MOST_BYTES = 1 << 20


class ReceiptVerdict(models.TextChoices):
    """The one verdict on a file. For `PAGES_NOT_OURS`, the page shows what was signed, never what the PDF's pages say."""

    AUTHENTIC = "authentic", _("Cet accusé est authentique")
    PAGES_NOT_OURS = "pages_not_ours", _("Les pages de ce PDF ne sont pas les nôtres")
    NO_RECEIPT = "no_receipt", _("Ce fichier n’est pas un accusé de dépôt authentique")


class ReceiptFault(models.TextChoices):
    """Why a file proves nothing. The label is shown to the person who holds the file."""

    TOO_LARGE = "too_large", _("Ce fichier dépasse 1 Mo : un accusé de dépôt est bien plus petit.")
    NOT_A_RECEIPT = "not_a_receipt", _("Ce fichier n’est pas un accusé de dépôt.")
    NOTHING_INSIDE = (
        "nothing_inside",
        _(
            "Ce PDF ne contient pas l’accusé signé : imprimé ou scanné, il l’a perdu. Prenez le PDF tel qu’il a été téléchargé."
        ),
    )
    ALTERED = "altered", _("Cet accusé a été modifié ou abîmé : il ne prouve rien.")
    UNKNOWN_KEY = (
        "unknown_key",
        _("La clé qui a signé cet accusé n’est pas l’une des nôtres : il ne vient pas de ce portail."),
    )


class ProvesNothing(Exception):
    """The file is not a receipt of ours as it was handed out. `fault` says why."""

    def __init__(self, fault: ReceiptFault) -> None:
        super().__init__(str(fault.label))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Proven:
    """A receipt whose signature is right: what it says, the signed bytes, and whether a PDF carried it."""

    statement: Statement
    envelope: Envelope
    from_pdf: bool


def judge(data: bytes, keys: Mapping[str, bytes]) -> Proven:
    """Check a receipt, JSON or PDF, against public keys by key id. Raises `ProvesNothing`."""
    if len(data) > MOST_BYTES:
        raise ProvesNothing(ReceiptFault.TOO_LARGE)
    from_pdf = b"%PDF-" in data[:1024]
    envelope = _from_pdf(data) if from_pdf else _from_json(data)
    try:
        key = keys.get(key_named_in(envelope.payload))
        if key is None:
            raise ProvesNothing(ReceiptFault.UNKNOWN_KEY)
        if not verifies(key, envelope.payload, envelope.signature):
            raise ProvesNothing(ReceiptFault.ALTERED)
        statement = read_statement(envelope.payload)  # only bytes that we signed are parsed
    except MalformedReceipt as error:
        raise ProvesNothing(ReceiptFault.ALTERED) from error
    return Proven(statement, envelope, from_pdf)


def _from_pdf(data: bytes) -> Envelope:
    envelopes = receipts_in(data)
    if len(envelopes) == 1:
        return envelopes[0]
    if envelopes or claims_one(data):  # two that differ, or one that cannot be read
        raise ProvesNothing(ReceiptFault.ALTERED)
    raise ProvesNothing(ReceiptFault.NOTHING_INSIDE)


def _from_json(data: bytes) -> Envelope:
    try:
        return read_envelope(data)
    except MalformedReceipt as error:
        looks_like_one = b'"payload"' in data and b'"signature"' in data
        fault = ReceiptFault.ALTERED if looks_like_one else ReceiptFault.NOT_A_RECEIPT
        raise ProvesNothing(fault) from error
