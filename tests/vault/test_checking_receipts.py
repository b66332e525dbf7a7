"""Checking a receipt: the public page, and what it says to each reader."""

import io
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from adherents.config.serving.exchanges import IN_MEMORY_BYTES
from adherents.insurer.facts import OpenRates
from adherents.journal.models import Entry
from adherents.ui import paper as ui_paper
from adherents.vault.models import Deposit, SigningKey
from adherents.vault.receipts import keys, signing, verdict
from adherents.vault.receipts import pdf as receipt_pdf
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts import views as proof
from adherents.vault.receipts.handlers import BoundedUploadHandler
from adherents.vault.receipts.statement import Envelope, read_statement
from adherents.vault.receipts.verdict import ReceiptVerdict
from tests.cast import CAMILLE
from tests.vault.conftest import objects_in, pdf
from tests.vault.receipts import (
    altered,
    anothers,
    longer_by_a_line_end,
    plain,
    saved_again,
    with_another_page_on_top,
)

Text = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
PAGE = "/verifier/"


def receipt(content: bytes, name: str = "accuse.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def ask(content: bytes | None = None, **typed: str) -> Any:
    given = {"receipt": receipt(content)} if content is not None else {}
    return Client().post(PAGE, {"number": "", "sha256": "", **typed, **given})


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_an_authentic_receipt_is_said_to_be_and_what_it_says_is_shown(
    deposit: Deposit, sentences: Text, form: str
) -> None:
    envelope = receipts.envelope_of(deposit)
    answer = ask(receipt_pdf.draw(envelope, "fr") if form == "pdf" else envelope.written())
    page = plain(sentences(answer))
    assert answer.status_code == 200
    for words in (
        "Cet accusé est authentique",
        deposit.number,
        CAMILLE.number,
        "Relevé d’été.pdf",
        " ".join(ui_paper.groups(deposit.documents.get().sha256)),
    ):
        assert words in page, page
    assert "Les pages de ce PDF" not in page


def test_an_english_pdf_is_ours_too(deposit: Deposit, sentences: Text) -> None:
    page = sentences(ask(receipt_pdf.draw(receipts.envelope_of(deposit), "en")))
    assert "Cet accusé est authentique" in page
    assert "Les pages de ce PDF" not in page


@pytest.mark.parametrize("forge", [longer_by_a_line_end, with_another_page_on_top, saved_again])
def test_pages_that_are_not_ours_get_one_verdict_nothing_green_and_what_we_really_signed(
    deposit: Deposit, sentences: Text, forge: Callable[[bytes], bytes]
) -> None:
    answer = ask(forge(receipt_pdf.draw(receipts.envelope_of(deposit), "fr")))
    page, html = plain(sentences(answer)), answer.content.decode()
    assert answer.status_code == 422
    assert "Les pages de ce PDF ne sont pas les nôtres" in page
    assert "authentique" not in page
    assert "notice-success" not in html
    assert html.count('class="notice ') == 1, "one verdict"
    for words in (deposit.number, CAMILLE.number, "Relevé d’été.pdf"):
        assert words in page
    assert page.index("Les pages de ce PDF") < page.index(deposit.number)


def test_each_file_gets_one_verdict(deposit: Deposit) -> None:
    envelope = receipts.envelope_of(deposit)
    drawn = receipt_pdf.draw(envelope, "fr")
    files = [drawn, envelope.written(), drawn + b"\n", b"Bonjour", pdf(), altered(deposit), anothers(deposit)]
    for content in files:
        html = ask(content).content.decode()
        assert html.count('class="notice ') == 1
        assert sum(str(verdict.label) in plain(unescape(html)) for verdict in ReceiptVerdict) == 1


def falsely_signed(deposit: Deposit) -> bytes:
    envelope = receipts.envelope_of(deposit)
    return Envelope(envelope.payload, keys.sign(b"z" * 32, envelope.payload)).written()


@pytest.mark.parametrize(
    ("made", "status", "words"),
    [
        (altered, 422, "Cet accusé a été modifié ou abîmé"),
        (falsely_signed, 422, "Cet accusé a été modifié ou abîmé"),
        (anothers, 422, "n’est pas l’une des nôtres"),
        (lambda _: pdf(), 422, "Ce PDF ne contient pas l’accusé signé"),
        (lambda _: b"Bonjour", 422, "Ce fichier n’est pas un accusé de dépôt"),
        (lambda _: b"", 422, "Ce fichier n’est pas un accusé de dépôt"),
        (lambda _: b"%PDF-1.7" + b"\0" * 3_000_000, 413, "Ce fichier dépasse 1 Mo"),
    ],
)
def test_each_other_file_has_its_sentence_and_no_success(
    deposit: Deposit, sentences: Text, made: Callable[[Deposit], bytes], status: int, words: str
) -> None:
    answer = ask(made(deposit))
    page = plain(sentences(answer))
    assert answer.status_code == status
    assert words in page
    assert "est authentique" not in page


def test_a_huge_file_is_neither_kept_in_memory_nor_written(tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    answer = ask(b"x" * 30_000_000)
    assert answer.status_code == 413
    assert objects_in(tmp_path) == []


def attached(*contents: bytes) -> bytes:
    """A PDF of nothing but attached files, each compressed."""
    streams = [zlib.compress(content, 9) for content in contents]
    head = b"1 0 obj <</Type /EmbeddedFile /Filter /FlateDecode>> stream\n"
    return b"%PDF-1.7\n" + b"".join(head + stream + b"\nendstream endobj\n" for stream in streams)


def envelope_around(payload: bytes) -> bytes:
    return Envelope(payload, b"\0" * 64).written()


LISTS = b"[" + b"[]," * 340_000 + b"[]]"
HOSTILE = {
    "attached lists": lambda: attached(*[LISTS] * 32),
    "attached zeros": lambda: attached(*[b"\0" * 50_000_000] * 8),
    "attached pairs": lambda: attached(*[b"{" + b'"a":"",' * 130_000 + b'"b":""}'] * 32),
    "attached, deep": lambda: attached(*[b"[" * 1_000_000] * 32),
    "a list": lambda: LISTS,
    "deep": lambda: b'{"payload"' + b"[" * 1_000_000 + b'"signature"',
    "a digit": lambda: b'{"payload":' + b"9" * 1_000_000 + b',"signature":""}',
    "an unsigned payload": lambda: envelope_around(b'{"key_id":"%s",' % (b"0" * 16) + LISTS[:60_000]),
    "types without end": lambda: b"%PDF-1.7\n" + b"/Type" + b" " * 1_000_000,
    "types": lambda: b"%PDF-1.7\n" + b"/Type /EmbeddedFile stream\n" * 38_000,
    "objects": lambda: b"%PDF-1.7\n" + b" obj /Type/EmbeddedFile stream\n" * 33_000,
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_file_of_a_stranger_takes_more_processor_than_a_real_receipt(
    deposit: Deposit, hostile: str
) -> None:
    real, content = receipt_pdf.draw(receipts.envelope_of(deposit), "fr"), HOSTILE[hostile]()
    ask(real)
    assert _processor(lambda: ask(content)) < 2 * _processor(lambda: ask(real)) + 0.1


def _processor(act: Callable[[], Any]) -> float:
    """Seconds of processor, the least of three times."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        act()
        taken.append(time.thread_time() - began)
    return min(taken)


def test_what_we_did_not_sign_is_not_parsed(deposit: Deposit, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(payload: bytes) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(verdict, "read_statement", parsed)
    for made in (altered, falsely_signed, anothers):
        assert ask(made(deposit)).status_code == 422


def test_a_receipt_of_a_hundred_files_with_the_longest_names_still_verifies(deposit: Deposit) -> None:
    statement = read_statement(receipts.envelope_of(deposit).payload)
    longest = replace(statement.files[0], name="𝕏" * 196 + ".pdf")
    payload = replace(statement, files=(longest,) * 100).payload()
    seed = signing.seed_of(SigningKey.objects.get())
    envelope = Envelope(payload, keys.sign(seed, payload))
    for content in (envelope.written(), receipt_pdf.draw(envelope, "fr")):
        assert receipts.check(content).verdict == ReceiptVerdict.AUTHENTIC


def test_of_several_files_in_one_request_the_first_is_looked_at_and_no_other_kept(deposit: Deposit) -> None:
    envelope = receipts.envelope_of(deposit).written()
    given = [
        receipt(envelope),
        *(receipt(b"x" * 50_000) for _ in range(20)),
    ]  # as much as one request is read
    kept: list[int] = []

    class Watched(BoundedUploadHandler):
        def file_complete(self, file_size: int) -> Any:
            kept.append(len(self.kept))
            return super().file_complete(file_size)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(proof, "BoundedUploadHandler", Watched)
        Client().post(PAGE, {"number": "", "sha256": "", "receipt": given})
    assert len(kept) == 21
    assert max(kept) == len(envelope)


@pytest.mark.parametrize("length", [IN_MEMORY_BYTES + 1, 400_000_000])
def test_a_request_longer_than_a_receipt_and_its_form_is_refused_before_it_is_read(
    sentences: Text, length: int
) -> None:
    class Unread(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("read")

    answer = Client().generic(
        "POST",
        PAGE,
        b"",
        "multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(length),
        **{"wsgi.input": Unread()},
    )
    assert answer.status_code == 413
    assert "Ce fichier dépasse 1 Mo" in plain(sentences(answer))


def test_a_visitor_who_checks_too_often_is_asked_to_wait(settings: Any) -> None:
    rates = OpenRates.model_validate({"per_address": "3/hour", "per_network": "5/hour"})
    limits = settings.ADHERENTS_PROFILE.limits.model_copy(update={"receipt": rates})
    settings.ADHERENTS_PROFILE = settings.ADHERENTS_PROFILE.model_copy(update={"limits": limits})
    assert [ask(b"Bonjour").status_code for _ in range(4)] == [422, 422, 422, 429]
    assert Client().get(PAGE).status_code == 200, "the page itself costs nothing"


def test_a_file_kept_is_compared_with_those_of_the_receipt(deposit: Deposit, sentences: Text) -> None:
    content = receipts.envelope_of(deposit).written()
    same = ask(content, sha256=deposit.documents.get().sha256)
    assert "Votre fichier est l’un de ceux-ci" in sentences(same)
    other = ask(content, sha256="0" * 64)
    assert "Votre fichier n’est aucun de ceux-ci" in sentences(other)


@pytest.mark.parametrize(
    "written",
    ["{}", " {} ", "{}  releve.pdf", "SHA2-256(releve.pdf)= {}"],
)
def test_a_number_and_the_fingerprint_of_a_file_of_it_tell_that_it_arrived_and_nothing_else(
    deposit: Deposit, sentences: Text, written: str
) -> None:
    sha256 = deposit.documents.get().sha256
    for typed in (written.format(sha256), written.format(sha256.upper())):
        answer = ask(number=f" {deposit.number.lower()} ", sha256=typed)
        page = sentences(answer)
        assert answer.status_code == 200
        assert "Nous avons bien reçu ce fichier" in page
        assert deposit.number in page
        assert CAMILLE.number not in page
        assert "Relevé d’été" not in page


def test_a_fingerprint_in_groups_is_understood(deposit: Deposit, sentences: Text) -> None:
    grouped = " ".join(ui_paper.groups(deposit.documents.get().sha256))
    assert "Nous avons bien reçu ce fichier" in sentences(ask(number=deposit.number, sha256=grouped))


def test_a_wrong_fingerprint_and_a_number_that_never_was_have_one_answer(deposit: Deposit) -> None:
    known = ask(number=deposit.number, sha256="0" * 64)
    unknown = ask(number="D-2020-000001", sha256="0" * 64)
    assert known.status_code == unknown.status_code == 422

    def without_chance(answer: Any, number: str) -> str:
        page = answer.content.decode().replace(number, "…")
        return page.replace(str(answer.context["csrf_token"]), "")

    assert without_chance(known, deposit.number) == without_chance(unknown, "D-2020-000001")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choisissez l’accusé de dépôt à vérifier, ou indiquez son numéro."),
        ({"number": "D-2026-000001"}, "il faut l’empreinte d’un des fichiers"),
        ({"number": "D-2026-000001", "sha256": "abc"}, "Copiez-la entière."),
        ({"number": "D" * 41, "sha256": "0" * 64}, "40"),
        ({"number": "D-2026\0", "sha256": "0" * 64}, "nul"),
    ],
)
def test_what_is_missing_is_asked_for(typed: dict[str, str], words: str, sentences: Text) -> None:
    answer = ask(**typed)
    assert answer.status_code == 422
    assert words in plain(sentences(answer))


def test_it_is_for_everybody_and_leaves_no_trace(deposit: Deposit) -> None:
    before = Entry.objects.count()
    assert Client().get(PAGE).status_code == 200
    ask(receipts.envelope_of(deposit).written())
    assert Entry.objects.count() == before


def test_a_form_without_its_token_is_refused(deposit: Deposit) -> None:
    client = Client(enforce_csrf_checks=True)
    sent = {"receipt": receipt(receipts.envelope_of(deposit).written())}
    assert client.post(PAGE, sent).status_code == 403
