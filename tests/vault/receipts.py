"""Receipts made for the tests: of a deposit, of nothing that ever was, and as others alter them."""

import io
from datetime import datetime
from typing import Any

import pikepdf

from adherents.members.models import Member
from adherents.vault.models import Deposit, Receipt
from adherents.vault.receipts import keys
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts.statement import Envelope, File, Statement, read_statement
from tests.cast import CAMILLE
from tests.vault.conftest import deposited, pdf


def address(deposit: Deposit, form: str = "pdf") -> str:
    return f"/adherent/documents/accuses/{deposit.number}/accuse.{form}"


def deposit_of(member: Member, name: str = "releve.pdf") -> Deposit:
    return deposited(member, pdf(), name).deposit


def stated(deposit: Deposit) -> Statement:
    return read_statement(bytes(Receipt.objects.get(pk=deposit.pk).payload))


def sample(**changed: Any) -> Statement:
    """A statement that is not signed yet."""
    at = datetime.fromisoformat("2026-11-23T16:52:07+01:00")
    files = (File("rib.pdf", "rib", "RIB", "application/pdf", 812_345, "ab" * 32),)
    facts = {
        "number": "D-2026-000123",
        "insurer": "Mutuelle d’essai",
        "member_number": CAMILLE.number,
        "deposited_at": at,
        "signed_at": at,
        "files": files,
        "verify_at": "https://espace.example/verifier/",
        "key_id": keys.key_id(keys.public_of(b"k" * 32)),
    }
    return Statement(**(facts | changed))


def _signed(statement: Statement, seed: bytes = b"k" * 32) -> Envelope:
    payload = statement.payload()
    return Envelope(payload, keys.sign(seed, payload))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def longer_by_a_line_end(content: bytes) -> bytes:
    return content + b"\n"


def with_another_page_on_top(content: bytes) -> bytes:
    """What somebody shows to an employer or a judge: pages that say anything, and our signed file attached to them."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as real, pikepdf.open(io.BytesIO(pdf(words="Payé"))) as other:
        del real.pages[:]
        real.pages.extend(other.pages)
        real.save(written)
    return written.getvalue()


def saved_again(content: bytes) -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as real:
        real.save(written)
    return written.getvalue()


def altered(deposit: Deposit) -> bytes:
    envelope = receipts.envelope_of(deposit)
    return Envelope(envelope.payload.replace(b'"size":', b'"size":1'), envelope.signature).written()


def anothers(deposit: Deposit) -> bytes:
    return _signed(sample()).written()
