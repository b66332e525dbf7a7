"""The receipt of a deposit: signed with it, given as PDF and as JSON, and checked for any person who holds one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from adherents.database.transactions import needs_transaction
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.acting import Acting
from adherents.vault.models import Deposit, Document, Receipt
from adherents.vault.origins import BY_DESK, Channel
from adherents.vault.receipts import keys, pdf, signing
from adherents.vault.receipts.statement import Envelope, File, Statement, read_statement
from adherents.vault.receipts.verdict import Proven, ReceiptVerdict, judge


class NotInIt(Exception):
    """No deposit of this number holds a file with this fingerprint."""


CONTENT_TYPES = {"pdf": "application/pdf", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """A receipt as a file to download."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """What we signed, and the verdict on the file that carries it: `AUTHENTIC`, or `PAGES_NOT_OURS` for a PDF of other pages."""

    statement: Statement
    verdict: ReceiptVerdict


@needs_transaction
def issue(deposit: Deposit, documents: Sequence[Document]) -> Receipt:
    """Sign what arrived, as it arrived, in the caller's transaction, which makes the deposit."""
    receipt = _signed(deposit, documents)
    receipt.save(force_insert=True)
    return receipt


def _signed(deposit: Deposit, documents: Sequence[Document]) -> Receipt:
    key = signing.live_key()
    with translation.override("fr"):
        files = tuple(
            File(
                name=file.name,
                kind=document.kind_as_sent,
                kind_label=profile().documents.kind_label(document.kind_as_sent)
                if document.sent_as
                else document.kind_label,
                content_type=file.content_type,
                size=file.size,
                sha256=file.sha256,
            )
            for document in documents
            for file in document.sent_files
        )
        came = {}
        if deposit.received_on is not None:
            way = deposit.way
            label = gettext("Classé par un conseiller") if way == BY_DESK else str(Channel(way).label)
            came = {
                "channel": way,
                "channel_label": label,
                "received_on": deposit.received_on.isoformat(),
            }
    statement = Statement(
        number=deposit.number,
        insurer=profile().insurer.legal_name,
        member_number=deposit.member.shown_number,
        deposited_at=timezone.localtime(deposit.at),
        signed_at=timezone.localtime(),
        files=files,
        verify_at=settings.BASE_URL + reverse("proof:check"),
        key_id=key.key_id,
        **came,
    )
    payload = statement.payload()
    return Receipt(
        deposit=deposit, key=key, payload=payload, signature=keys.sign(signing.seed_of(key), payload)
    )


def envelope_of(deposit: Deposit) -> Envelope:
    """The signed envelope of a deposit. A deposit older than receipts is signed now, and `signed_at` says so."""
    with transaction.atomic():
        receipt = Receipt.objects.filter(pk=deposit.pk).first()
        if receipt is None:
            documents = list(deposit.sent.defer("wrapped_key").order_by("rank", "pk"))
            # Two may ask at once: a deposit has one receipt, and the first one stays.
            Receipt.objects.bulk_create([_signed(deposit, documents)], ignore_conflicts=True)
            receipt = Receipt.objects.get(pk=deposit.pk)
    return Envelope(bytes(receipt.payload), bytes(receipt.signature))


def hand_out(*, acting: Acting, number: str, form: str, language: str) -> ReceiptFile:
    """A member's own receipt, `form` being "pdf" or "json", and journalled.

    Raises `Deposit.DoesNotExist` for an unknown number and for another's alike.
    """
    deposit = Deposit.objects.of(acting.file).select_related("member").get(number=number)
    return _handed_out(deposit, form=form, language=language, actor=acting.actor)


def hand_out_to_insurer(*, number: str, actor: str) -> ReceiptFile:
    """Any receipt, in JSON, to a system of the insurer. Raises `Deposit.DoesNotExist`."""
    deposit = Deposit.objects.select_related("member").get(number=number)
    return _handed_out(deposit, form="json", language="fr", actor=actor)


def _handed_out(deposit: Deposit, *, form: str, language: str, actor: str) -> ReceiptFile:
    envelope, number = envelope_of(deposit), deposit.number
    content = pdf.draw(envelope, language) if form == "pdf" else envelope.written()
    with transaction.atomic():
        record(
            Event.RECEIPT_DOWNLOADED, subject=deposit.member.subject, actor=actor, deposit=number, form=form
        )
    return ReceiptFile(name_of(number, form), CONTENT_TYPES[form], content)


def name_of(number: str, form: str) -> str:
    """The file's name, as it is saved."""
    return f"accuse-{number}.{form}"


def check(data: bytes) -> Checked:
    """Whether these bytes are a receipt of ours, and what it says. Raises `ProvesNothing`. Nothing is kept of them."""
    return check_against(data, signing.public_keys())


def check_against(data: bytes, public_keys: Mapping[str, bytes]) -> Checked:
    """As `check`, with these public keys by key id: no database is asked."""
    proven = judge(data, public_keys)
    ours = not proven.from_pdf or _pages_are_ours(data, proven)
    return Checked(proven.statement, ReceiptVerdict.AUTHENTIC if ours else ReceiptVerdict.PAGES_NOT_OURS)


def _pages_are_ours(data: bytes, proven: Proven) -> bool:
    """Are the pages of a PDF, in one language or another, exactly those that we draw today?"""
    return any(pdf.draw(proven.envelope, language) == data for language in profile().languages)


def statement_with(*, number: str, sha256: str) -> Statement:
    """What the receipt `number` says, for a person who holds a file whose fingerprint is in it. Raises `NotInIt`."""
    receipt = Receipt.objects.filter(deposit__number=number).first()
    if receipt is not None:
        statement = read_statement(bytes(receipt.payload))
        if any(file.sha256 == sha256 for file in statement.files):
            return statement
    raise NotInIt
