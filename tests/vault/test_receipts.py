"""A signed receipt: made with the deposit, handed to its member only, drawn alike each time, whatever a file is called."""

import io
import json
import re
import unicodedata
from typing import Any

import pikepdf
import pypdfium2
import pytest
import time_machine
from django.test import Client

from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.ui import paper as ui_paper
from adherents.vault.models import Deposit, Receipt, SigningKey
from adherents.vault.receipts import pdf as receipt_pdf
from adherents.vault.receipts import signing
from adherents.vault.receipts.attachment import receipts_in
from adherents.vault.receipts.statement import File, canonical, read_envelope, read_statement
from adherents.vault.receipts.verdict import judge
from tests.cast import CAMILLE, ENGLISH
from tests.factories import open_account
from tests.vault.conftest import browser_of, deposited, pdf, picture, send, upload
from tests.vault.receipts import _signed, address, deposit_of, sample, stated

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    finally:
        document.close()
    return " ".join(
        "".join(pages).replace("\u200b", "").replace("\u00a0", " ").replace("\u202f", " ").split()
    )


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
