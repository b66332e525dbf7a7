"""Checking a receipt: the public page, what it tells to whom, and `adherents verify_receipt`."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Deposit, SigningKey
from adherents.vault.proof import keys, paper
from adherents.vault.proof.statement import Envelope, read_envelope
from adherents.vault.services import receipts, signing
from tests.cast import CAMILLE
from tests.vault.conftest import deposited, objects_in, pdf
from tests.vault.test_receipts import _signed, sample

Text = Callable[[Any], str]
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
PAGE = "/verifier/"


@pytest.fixture
def deposit(member: Member) -> Deposit:
    return deposited(member, pdf(), "Relevé d’été.pdf").deposit


def receipt(content: bytes, name: str = "accuse.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def ask(content: bytes | None = None, **typed: str) -> Any:
    given = {"receipt": receipt(content)} if content is not None else {}
    return Client().post(PAGE, {"number": "", "sha256": "", **typed, **given})


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


# The page


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_an_authentic_receipt_is_said_to_be_and_what_it_says_is_shown(
    deposit: Deposit, sentences: Text, form: str
) -> None:
    envelope = receipts.envelope_of(deposit)
    answer = ask(paper.draw(envelope, "fr") if form == "pdf" else envelope.written())
    page = plain(sentences(answer))
    assert answer.status_code == 200
    for words in (
        "Cet accusé est authentique",
        deposit.number,
        CAMILLE.number,
        "Relevé d’été.pdf",
        " ".join(paper.groups(deposit.documents.get().sha256)),
    ):
        assert words in page, page
    assert "Ne vous fiez qu’à ce qui suit" not in page


def test_an_english_pdf_is_ours_too(deposit: Deposit, sentences: Text) -> None:
    page = sentences(ask(paper.draw(receipts.envelope_of(deposit), "en")))
    assert "Cet accusé est authentique" in page
    assert "Ne vous fiez qu’à ce qui suit" not in page


def test_a_pdf_whose_pages_were_changed_is_shown_with_a_warning(deposit: Deposit, sentences: Text) -> None:
    page = sentences(ask(paper.draw(receipts.envelope_of(deposit), "fr") + b"\n"))
    assert "Cet accusé est authentique" in page
    assert "Ne vous fiez qu’à ce qui suit" in page


def altered(deposit: Deposit) -> bytes:
    envelope = receipts.envelope_of(deposit)
    return Envelope(envelope.payload.replace(b'"size":', b'"size":1'), envelope.signature).written()


def anothers(deposit: Deposit) -> bytes:
    return _signed(sample()).written()


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
    grouped = " ".join(paper.groups(deposit.documents.get().sha256))
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


# The command


def verify(file: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("verify_receipt", str(file), *options, stdout=out)
    return plain(out.getvalue())


def refused(file: Path, *options: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as raised:
        verify(file, *options)
    return raised.value.returncode, str(raised.value)


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_verify_receipt_says_what_an_authentic_receipt_says(
    deposit: Deposit, tmp_path: Path, form: str
) -> None:
    envelope = receipts.envelope_of(deposit)
    file = tmp_path / f"accuse.{form}"
    file.write_bytes(paper.draw(envelope, "fr") if form == "pdf" else envelope.written())
    said = verify(file)
    assert f"authentic, signed by the key {SigningKey.objects.get().key_id}" in said
    assert "NOTE" not in said
    for words in (deposit.number, CAMILLE.number, deposit.documents.get().sha256, "Relevé d’été.pdf"):
        assert words in said


def test_with_the_key_in_a_file_no_database_is_asked(
    deposit: Deposit, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    file, pem = tmp_path / "accuse.pdf", tmp_path / "cle.pem"
    file.write_bytes(paper.draw(receipts.envelope_of(deposit), "fr"))
    pem.write_bytes(Client().get("/verifier/cle.pem").content)
    with django_assert_num_queries(0):
        assert "authentic" in verify(file, "--key", str(pem))


def test_each_verdict_has_its_exit_code(deposit: Deposit, tmp_path: Path) -> None:
    file, pem = tmp_path / "accuse.json", tmp_path / "cle.pem"
    pem.write_text(keys.pem(keys.public_of(b"o" * 32)))
    file.write_bytes(altered(deposit))
    assert refused(file) == (1, "accuse.json: ALTERED: it is not what was signed, and proves nothing")
    file.write_bytes(b"Bonjour")
    assert refused(file) == (1, "accuse.json: not a receipt")
    file.write_bytes(b"x" * 2_000_000)
    assert refused(file)[0] == 1
    file.write_bytes(pdf())
    code, said = refused(file)
    assert code == 1
    assert "holds no signed receipt" in said
    file.write_bytes(receipts.envelope_of(deposit).written())
    assert refused(file, "--key", str(pem)) == (
        2,
        "accuse.json: UNKNOWN KEY: none of these keys signed it",
    )
    file.write_bytes(anothers(deposit))
    assert refused(file)[0] == 2


def test_what_could_not_be_checked_is_not_said_to_be_false(
    deposit: Deposit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, not_pem = tmp_path / "accuse.json", tmp_path / "cle.pem"
    assert refused(file) == (3, f"{file} cannot be read: No such file or directory")
    file.write_bytes(receipts.envelope_of(deposit).written())
    for content in (b"", b"Bonjour", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        not_pem.write_bytes(content)
        assert refused(file, "--key", str(not_pem))[0] == 3

    def away() -> dict[str, bytes]:
        raise DatabaseError("no such table")

    monkeypatch.setattr(signing, "public_keys", away)
    code, said = refused(file)
    assert code == 3
    assert "--key cle.pem" in said


def test_a_pdf_of_other_pages_is_noted(deposit: Deposit, tmp_path: Path) -> None:
    file = tmp_path / "accuse.pdf"
    file.write_bytes(paper.draw(receipts.envelope_of(deposit), "fr") + b"\n")
    assert "NOTE" in verify(file)


def test_renew_signing_key_says_the_new_one(deposit: Deposit) -> None:
    former = SigningKey.objects.get()
    out = io.StringIO()
    call_command("renew_signing_key", stdout=out)
    assert SigningKey.objects.live().get().key_id in out.getvalue()
    former.refresh_from_db()
    assert former.retired_at
    assert read_envelope(receipts.envelope_of(deposit).written())
