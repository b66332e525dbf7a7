"""What is not what was signed proves nothing and is said to: one flipped bit, other pages, files that are no receipt."""

import base64
import io
import json
import zlib
from pathlib import Path

import pikepdf
import pytest

from adherents.members.models import Member
from adherents.vault.receipts import keys, signing
from adherents.vault.receipts import pdf as receipt_pdf
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts.statement import Envelope, read_envelope
from adherents.vault.receipts.verdict import ProvesNothing, ReceiptFault, ReceiptVerdict, judge
from tests.vault.conftest import pdf
from tests.vault.receipts import _signed, deposit_of, sample

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def given(member: Member) -> dict[str, bytes]:
    deposit = deposit_of(member)
    envelope = receipts.envelope_of(deposit)
    return {"json": envelope.written(), "pdf": receipt_pdf.draw(envelope, "fr")}


def fault_of(data: bytes) -> ReceiptFault:
    with pytest.raises(ProvesNothing) as refused:
        judge(data, signing.public_keys())
    return refused.value.fault


@pytest.mark.parametrize("part", ["payload", "signature"])
def test_one_flipped_bit_of_the_signed_bytes_or_the_signature_and_nothing_is_proven(
    given: dict[str, bytes], part: str
) -> None:
    envelope = read_envelope(given["json"])
    public = signing.public_keys()
    right: bytes = getattr(envelope, part)
    for place in range(len(right)):
        wrong = bytearray(right)
        wrong[place] ^= 1 << place % 8
        forged = Envelope(
            **{"payload": envelope.payload, "signature": envelope.signature, part: bytes(wrong)}
        )
        with pytest.raises(ProvesNothing) as refused:
            judge(forged.written(), public)
        assert refused.value.fault in {ReceiptFault.ALTERED, ReceiptFault.UNKNOWN_KEY}


def test_one_flipped_byte_anywhere_in_the_file_never_changes_what_it_says(given: dict[str, bytes]) -> None:
    public = signing.public_keys()
    right = judge(given["json"], public).envelope
    for place in range(len(given["json"])):
        wrong = bytearray(given["json"])
        wrong[place] ^= 1 << place % 7
        try:
            assert judge(bytes(wrong), public).envelope == right  # a space that became another
        except ProvesNothing:
            continue


def test_one_flipped_byte_of_the_attachment_and_nothing_else_is_proven(given: dict[str, bytes]) -> None:
    """A bit that the compression does not need may turn: what is proven then is the very same statement."""
    content = given["pdf"]
    start = content.index(b"stream", content.index(b"/EmbeddedFile")) + len(b"stream\n")
    end = content.index(b"endstream", start)
    public = signing.public_keys()
    tried, refused, whole = range(start, end - 1, 7), 0, judge(content, public)
    for place in tried:
        wrong = bytearray(content)
        wrong[place] ^= 0x10
        try:
            assert judge(bytes(wrong), public) == whole
        except ProvesNothing:
            refused += 1
    assert refused >= len(tried) - 2


def test_another_keys_signature_is_altered_and_another_portals_receipt_is_of_an_unknown_key(
    given: dict[str, bytes],
) -> None:
    envelope = read_envelope(given["json"])
    resigned = Envelope(envelope.payload, keys.sign(b"z" * 32, envelope.payload))
    assert fault_of(resigned.written()) == ReceiptFault.ALTERED
    assert fault_of(_signed(sample()).written()) == ReceiptFault.UNKNOWN_KEY
    assert fault_of(receipt_pdf.draw(_signed(sample()), "fr")) == ReceiptFault.UNKNOWN_KEY


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", ReceiptFault.NOT_A_RECEIPT),
        (b"\0" * 500, ReceiptFault.NOT_A_RECEIPT),
        (b"Bonjour", ReceiptFault.NOT_A_RECEIPT),
        (b"[]", ReceiptFault.NOT_A_RECEIPT),
        (b"null", ReceiptFault.NOT_A_RECEIPT),
        (b'{"a": 1}', ReceiptFault.NOT_A_RECEIPT),
        (b"[" * 200_000, ReceiptFault.NOT_A_RECEIPT),
        (b'{"a":' * 50_000, ReceiptFault.NOT_A_RECEIPT),
        (b"1" * 100_000, ReceiptFault.NOT_A_RECEIPT),
        (b'{"format": "adherents-receipt/1", "payload": 3, "signature": null}', ReceiptFault.ALTERED),
        (b'{"format": "adherents-receipt/1", "payload": "e30=", "signature": ""}', ReceiptFault.ALTERED),
        (b'{"format": "adherents-receipt/1", "payload": "W10=", "signature": "AA=="}', ReceiptFault.ALTERED),
        (
            b'{"format": "adherents-receipt/1", "payload": "\\ud800", "signature": "AA=="}',
            ReceiptFault.ALTERED,
        ),
        (b"x" * (1 << 20) + b"x", ReceiptFault.TOO_LARGE),
        (b"%PDF-1.7\n" + b"/Type/EmbeddedFile" * 50_000, ReceiptFault.ALTERED),
        (b"%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile>>\nstream\n", ReceiptFault.ALTERED),
        (b"%PDF-1.7", ReceiptFault.NOTHING_INSIDE),
        (pdf(), ReceiptFault.NOTHING_INSIDE),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else value.value,
)
def test_what_is_no_receipt_is_said_to_be_none(data: bytes, fault: ReceiptFault) -> None:
    assert fault_of(data) == fault


def test_an_attachment_that_inflates_without_end_is_not_inflated() -> None:

    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    content = (
        b"%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile/Filter/FlateDecode>>\nstream\n" + bomb + b"\nendstream\n"
    )
    assert fault_of(content) == ReceiptFault.ALTERED


def test_a_pdf_saved_again_by_another_program_still_proves(given: dict[str, bytes], tmp_path: Path) -> None:

    with pikepdf.open(io.BytesIO(given["pdf"])) as opened:
        opened.save(
            tmp_path / "again.pdf",
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    checked = receipts.check((tmp_path / "again.pdf").read_bytes())
    assert checked.verdict == ReceiptVerdict.PAGES_NOT_OURS


def test_a_pdf_with_two_receipts_in_it_proves_neither(given: dict[str, bytes], member: Member) -> None:

    other = receipts.envelope_of(deposit_of(member)).written()
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(given["pdf"])) as opened:
        opened.attachments["autre.json"] = pikepdf.AttachedFileSpec(
            opened, other, mime_type="application/json"
        )
        opened.save(written)
    assert fault_of(written.getvalue()) == ReceiptFault.ALTERED


def test_pages_changed_by_hand_are_not_taken_for_ours(given: dict[str, bytes]) -> None:
    assert receipts.check(given["pdf"]).verdict == ReceiptVerdict.AUTHENTIC
    assert receipts.check(given["json"]).verdict == ReceiptVerdict.AUTHENTIC
    changed = given["pdf"].replace(b"%%EOF", b"%%EOF\n%")
    assert receipts.check(changed).verdict == ReceiptVerdict.PAGES_NOT_OURS


def test_base64_written_otherwise_is_refused() -> None:
    envelope = _signed(sample())
    for text in ("AB==", "AA=", " AA==", "AA==\n"):
        value = {"format": "adherents-receipt/1", "payload": text, "signature": text}
        assert fault_of(json.dumps(value).encode()) == ReceiptFault.ALTERED
    assert base64.b64decode("AB==") == base64.b64decode("AA==")
    assert read_envelope(envelope.written()) == envelope
