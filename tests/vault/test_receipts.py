"""A signed receipt: made with the deposit, handed to its member only, drawn alike each time, true after any rotation."""

import base64
import io
import json
import re
import subprocess
import unicodedata
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pikepdf
import pypdfium2
import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client

from adherents.crypto.keys import CannotOpen
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.ui import paper as ui_paper
from adherents.vault.models import Deposit, Receipt, SigningKey
from adherents.vault.receipts import keys, signing
from adherents.vault.receipts import pdf as receipt_pdf
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts.attachment import receipts_in
from adherents.vault.receipts.statement import (
    Envelope,
    File,
    Statement,
    canonical,
    read_envelope,
    read_statement,
)
from adherents.vault.receipts.verdict import ProvesNothing, ReceiptFault, ReceiptVerdict, judge
from tests.cast import CAMILLE, ENGLISH
from tests.factories import open_account
from tests.vault.conftest import browser_of, deposited, pdf, picture, send, upload

Text = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
DOCUMENTED = Path(__file__).parents[2] / "docs" / "receipts.md"


def address(deposit: Deposit, form: str = "pdf") -> str:
    return f"/adherent/documents/accuses/{deposit.number}/accuse.{form}"


def deposit_of(member: Member, name: str = "releve.pdf") -> Deposit:
    return deposited(member, pdf(), name).deposit


def stated(deposit: Deposit) -> Statement:
    return read_statement(bytes(Receipt.objects.get(pk=deposit.pk).payload))


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    finally:
        document.close()
    return " ".join(
        "".join(pages).replace("\u200b", "").replace("\u00a0", " ").replace("\u202f", " ").split()
    )


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


@pytest.mark.rule("G13")
def test_the_receipt_is_signed_with_the_deposit_and_says_what_arrived(
    signed_in: Client, member: Member
) -> None:
    with time_machine.travel("2026-11-23 15:52:07+00:00", tick=False):
        send(signed_in, upload(pdf(2), "RIB n° 1.pdf"), upload(picture("PNG"), "carte.png"))
    deposit = Deposit.objects.get()
    answer = signed_in.get(address(deposit, "json"))
    envelope = read_envelope(answer.content)
    statement = json.loads(envelope.payload)
    first, second = deposit.documents.order_by("rank")
    assert statement == {
        "algorithm": "Ed25519",
        "deposited_at": "2026-11-23T16:52:07+01:00",
        "files": [
            {
                "content_type": document.content_type,
                "kind": "rib",
                "kind_label": "RIB",
                "name": document.name,
                "sha256": document.sha256,
                "size": document.size,
            }
            for document in (first, second)
        ],
        "insurer": profile().insurer.legal_name,
        "key_id": SigningKey.objects.get().key_id,
        "member_number": CAMILLE.number,
        "number": deposit.number,
        "signed_at": "2026-11-23T16:52:07+01:00",
        "verify_at": "http://testserver/verifier/",
        "version": 1,
    }
    assert envelope.payload == canonical(statement)
    assert judge(answer.content, signing.public_keys()).statement == stated(deposit)
    assert answer["Content-Disposition"].startswith(f'attachment; filename="accuse-{deposit.number}.json"')


def test_the_signed_bytes_are_written_in_one_way_only() -> None:
    assert canonical({"b": 1, "a": 'é€😀\u2028"\\\n'}) == '{"a":"é€😀\u2028\\"\\\\\\n","b":1}'.encode()


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_anothers_receipt_answers_exactly_as_one_that_never_was(
    signed_in: Client, other_member: Member, form: str
) -> None:
    theirs = deposit_of(other_member)
    same_name = {"X-Request-ID": "the-same"}
    refused = signed_in.get(address(theirs, form), headers=same_name)
    unknown = signed_in.get(f"/adherent/documents/accuses/D-2020-000001/accuse.{form}", headers=same_name)
    assert refused.status_code == unknown.status_code == 404

    def without_chance(answer: Any) -> str:
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        return page.replace(theirs.number, "…").replace("D-2020-000001", "…")

    assert without_chance(refused) == without_chance(unknown)
    assert refused.headers == unknown.headers
    assert not Entry.objects.filter(event=Event.RECEIPT_DOWNLOADED).exists()


def test_a_receipt_asks_to_sign_in(member: Member) -> None:
    answer = Client().get(address(deposit_of(member)))
    assert (answer.status_code, answer["Location"]) == (302, "/adherent/")


def test_handing_it_out_is_journalled_and_sandboxed(signed_in: Client, member: Member) -> None:
    deposit = deposit_of(member)
    answer = signed_in.get(address(deposit))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")
    entry = Entry.objects.filter(event=Event.RECEIPT_DOWNLOADED).get()
    assert (entry.subject, entry.actor) == (member.subject, member.subject)
    assert entry.details == {"deposit": deposit.number, "form": "pdf"}


def test_both_pages_lead_to_it(signed_in: Client, member: Member) -> None:
    document = deposited(member, pdf())
    for path in (
        f"/adherent/documents/accuses/{document.deposit.number}/",
        f"/adherent/documents/{document.pk}/",
    ):
        page = signed_in.get(path).content.decode()
        assert "Télécharger l’accusé de dépôt" in page
        assert address(document.deposit) in page
        assert address(document.deposit, "json") in page


def test_the_pdf_shows_everything_in_french(signed_in: Client, member: Member) -> None:
    with time_machine.travel("2026-11-23 15:52:07+00:00", tick=False):
        send(signed_in, upload(pdf(2), "Relevé d’été – « œuvre » n° 26.pdf"))
    deposit = Deposit.objects.get()
    document = deposit.documents.get()
    content = signed_in.get(address(deposit)).content
    shown = text_of(content)
    for words in (
        "Accusé de dépôt",
        deposit.number,
        "23/11/2026 à 16 h 52 (heure de Paris, UTC+01:00)",
        profile().insurer.legal_name,
        CAMILLE.number,
        "1 fichier est arrivé",
        "Relevé d’été – « œuvre » n° 26.pdf",
        "RIB · PDF",
        f"{document.size:,} octets".replace(",", " "),
        " ".join(ui_paper.groups(document.sha256)),
        "Ce que cet accusé prouve",
        "http://testserver/verifier/",
        "Ed25519",
        " ".join(ui_paper.groups(stated(deposit).key_id)),
    ):
        assert words in shown, shown
    signature = bytes(Receipt.objects.get().signature).hex()
    assert signature in shown.replace(" ", "")


def test_the_pdf_is_english_for_who_reads_english() -> None:
    member = Member.objects.get(account=open_account(ENGLISH))
    client = browser_of(member)
    deposit = deposit_of(member)
    client.cookies["langue"] = "en"
    shown = text_of(client.get(address(deposit)).content)
    for words in ("Receipt", "1 file arrived", "Received on", "What this receipt proves", "bytes)"):
        assert words in shown, shown
    assert "Accusé" not in shown


def test_the_pdf_is_tagged_titled_archivable_and_carries_the_signed_json(
    signed_in: Client, member: Member
) -> None:
    deposit = deposit_of(member)
    content = signed_in.get(address(deposit)).content
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == "fr"
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        with opened.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["pdfuaid:part"] == "1"
            assert deposit.number in metadata["dc:title"]
        (attached,) = opened.attachments.values()
        envelope = attached.get_file().read_bytes()
    assert envelope == signed_in.get(address(deposit, "json")).content
    assert judge(content, signing.public_keys()).statement.number == deposit.number


def test_the_same_deposit_gives_the_same_bytes(signed_in: Client, member: Member) -> None:
    deposit = deposit_of(member)
    with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False):
        first = [signed_in.get(address(deposit, form)).content for form in ("pdf", "json")]
    ui_paper._compiler.cache_clear()
    with time_machine.travel("2031-01-01 10:00:00+00:00", tick=False):
        client = browser_of(member)
        assert [client.get(address(deposit, form)).content for form in ("pdf", "json")] == first


def test_what_was_signed_does_not_follow_the_rows(signed_in: Client, member: Member) -> None:
    document = deposited(member, pdf())
    before = signed_in.get(address(document.deposit, "json")).content
    document.name, document.sha256 = "autre.pdf", "0" * 64
    document.save()
    assert signed_in.get(address(document.deposit, "json")).content == before


def test_a_deposit_older_than_receipts_is_signed_when_asked_for_and_says_so(
    signed_in: Client, member: Member
) -> None:
    with time_machine.travel("2026-01-05 09:00:00+00:00", tick=False):
        deposit = deposit_of(member)
    Receipt.objects.all().delete()
    assert signed_in.get(address(deposit)).status_code == 200
    statement = stated(deposit)
    assert statement.deposited_at.year == 2026
    assert statement.signed_at > statement.deposited_at


@pytest.mark.parametrize(
    "name",
    [
        "IMG ☺ 日本 \U0001f600.pdf",
        "حساب.pdf",
        "a" * 196 + ".pdf",
        "#set text(red) $x$ *gras* `code` @ref <label> // rien.pdf",
        "łódź Ŷ Ωμέγα Жанна № ™ €.pdf",
    ],
)
def test_any_name_can_be_drawn_and_is_exact_in_what_is_signed(name: str) -> None:
    statement = sample(files=(File(name, "rib", "RIB", "application/pdf", 1, "ab" * 32),))
    drawn = receipt_pdf.draw(_signed(statement), "fr")
    (envelope,) = receipts_in(drawn)
    assert read_statement(envelope.payload).files[0].name == name
    shown = text_of(drawn)
    assert ui_paper.drawable(name).replace(" ", "") in shown.replace(" ", "")
    assert ("Un carré" in shown) == ("□" in ui_paper.drawable(name))


def test_every_character_said_to_be_drawn_is_in_the_fonts() -> None:
    every = [chr(code) for first, last in ui_paper._DRAWN for code in range(first, last + 1)]
    lines = ["".join(every[start : start + 60]) for start in range(0, len(every), 60)]
    files = tuple(File(f"a{line}", "rib", "RIB", "application/pdf", 1, "ab" * 32) for line in lines)
    assert receipt_pdf.draw(_signed(sample(files=files)), "fr")  # typst refuses a character that no font has
    assert not [
        character for character in every if unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"}
    ]


def _signed(statement: Statement, seed: bytes = b"k" * 32) -> Envelope:
    payload = statement.payload()
    return Envelope(payload, keys.sign(seed, payload))


# Keys


def test_the_first_receipt_makes_the_key_and_the_next_ones_use_it(member: Member) -> None:
    assert not SigningKey.objects.exists()
    deposit_of(member)
    deposit_of(member)
    key = SigningKey.objects.get()
    assert bytes(key.public) == keys.public_of(signing.seed_of(key))
    assert Entry.objects.about(key.subject).get().event == Event.SIGNING_KEY_MADE


def test_a_seed_is_not_readable_in_the_database_and_opens_for_its_own_key_only(member: Member) -> None:
    deposit_of(member)
    key = SigningKey.objects.get()
    assert signing.seed_of(key) not in bytes(key.sealed_seed)
    key.public = keys.public_of(b"x" * 32)
    with pytest.raises(CannotOpen):
        signing.seed_of(key)


def test_after_a_new_key_earlier_receipts_stay_true_and_both_keys_published(
    signed_in: Client, member: Member
) -> None:
    before = deposit_of(member)
    first = SigningKey.objects.get()
    second = signing.renew()
    after = deposit_of(member)
    assert (stated(before).key_id, stated(after).key_id) == (first.key_id, second.key_id)
    for deposit in (before, after):
        assert receipts.check(signed_in.get(address(deposit)).content).verdict == ReceiptVerdict.AUTHENTIC
    published = Client().get("/verifier/cle.pem").content
    assert list(keys.read_pem(published)) == [second.key_id, first.key_id]
    assert published.startswith(second.key_id.encode())
    first_key = Client().get(f"/verifier/cle-{first.key_id}.pem").content
    assert keys.read_pem(first_key) == {first.key_id: bytes(first.public)}
    assert Client().get("/verifier/cle-0000000000000000.pem").status_code == 404


def test_reading_the_keys_makes_none() -> None:
    answer = Client().get("/verifier/cle.pem")
    assert (answer.status_code, answer.content) == (200, b"")
    assert not SigningKey.objects.exists()


def test_a_new_master_key_changes_neither_the_key_nor_the_receipts(
    signed_in: Client, member: Member, settings: Any
) -> None:
    deposit = deposit_of(member)
    before = signed_in.get(address(deposit)).content
    (old,) = settings.ADHERENTS_MASTER_KEYS
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32, old]
    again = deposit_of(member)  # the seed still opens with the old one
    assert signing.reseal() == 1
    assert signing.reseal() == 0
    call_command("rotate_keys", stdout=io.StringIO())  # whose account it is, too
    settings.ADHERENTS_MASTER_KEYS = [b"n" * 32]
    last = deposit_of(member)
    assert SigningKey.objects.count() == 1
    assert {stated(stated_deposit).key_id for stated_deposit in (deposit, again, last)} == {
        SigningKey.objects.get().key_id
    }
    assert receipts.check(before).statement.number == deposit.number


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_come_first_together_make_one_key() -> None:
    start = Barrier(8)

    def first(_: int) -> str:
        try:
            start.wait(timeout=20)
            return signing.live_key().key_id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(first, range(8)))
    assert made == {SigningKey.objects.get().key_id}
    assert Entry.objects.filter(event=Event.SIGNING_KEY_MADE).count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_ask_together_for_an_old_receipt_get_the_same() -> None:
    member = Member.objects.get(account=open_account(CAMILLE))
    deposit = deposit_of(member)
    Receipt.objects.all().delete()
    start = Barrier(8)

    def ask(_: int) -> bytes:
        try:
            start.wait(timeout=20)
            return receipts.envelope_of(Deposit.objects.get(pk=deposit.pk)).written()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


# With openssl alone


def shell_lines() -> str:
    """The lines of docs/receipts.md between « openssl » fences: what people are told to type."""
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    (lines,) = [block for block in blocks if "pkeyutl" in block]
    return lines


def run_lines(folder: Path, envelope: bytes, pem: bytes) -> subprocess.CompletedProcess[str]:
    (folder / "accuse-D-2026-000123.json").write_bytes(envelope)
    (folder / "cle.pem").write_bytes(pem)
    return subprocess.run(["sh", "-e", "-c", shell_lines()], cwd=folder, capture_output=True, text=True)


def test_the_lines_of_the_documentation_verify_with_openssl_alone(tmp_path: Path, member: Member) -> None:
    deposit = deposit_of(member)
    signing.renew()
    pem = Client().get(f"/verifier/cle-{stated(deposit).key_id}.pem").content
    envelope = receipts.envelope_of(deposit)
    ran = run_lines(tmp_path, envelope.written(), pem)
    assert "Signature Verified Successfully" in ran.stdout, ran.stderr
    assert ran.returncode == 0
    assert stated(deposit).key_id in ran.stdout
    forged = Envelope(envelope.payload.replace(deposit.number.encode(), b"D-2026-999999"), envelope.signature)
    ran = run_lines(tmp_path, forged.written(), pem)
    assert ran.returncode != 0
    assert "Signature Verified Successfully" not in ran.stdout


def test_the_envelope_has_one_value_a_line(member: Member) -> None:
    lines = receipts.envelope_of(deposit_of(member)).written().decode().splitlines()
    assert [line.strip().partition(":")[0] for line in lines] == [
        "{",
        '"format"',
        '"payload"',
        '"signature"',
        "}",
    ]


# What is not what was signed


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
