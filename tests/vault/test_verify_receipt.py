"""`adherents verify_receipt`: what it says of a file, and an exit code for each verdict."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from adherents.vault.models import Deposit, SigningKey
from adherents.vault.receipts import keys, signing
from adherents.vault.receipts import pdf as receipt_pdf
from adherents.vault.receipts import services as receipts
from tests.cast import CAMILLE
from tests.vault.conftest import pdf
from tests.vault.receipts import (
    altered,
    anothers,
    longer_by_a_line_end,
    plain,
    saved_again,
    with_another_page_on_top,
)

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


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
    file.write_bytes(receipt_pdf.draw(envelope, "fr") if form == "pdf" else envelope.written())
    output = verify(file)
    assert f"authentic, signed by the key {SigningKey.objects.get().key_id}" in output
    assert "PAGES" not in output
    for words in (deposit.number, CAMILLE.number, deposit.documents.get().sha256, "Relevé d’été.pdf"):
        assert words in output


def test_with_the_key_in_a_file_no_database_is_asked(
    deposit: Deposit, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    file, pem = tmp_path / "accuse.pdf", tmp_path / "cle.pem"
    file.write_bytes(receipt_pdf.draw(receipts.envelope_of(deposit), "fr"))
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
    code, output = refused(file)
    assert code == 1
    assert "holds no signed receipt" in output
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
    code, output = refused(file)
    assert code == 3
    assert "--key cle.pem" in output


@pytest.mark.parametrize("forge", [longer_by_a_line_end, with_another_page_on_top, saved_again])
def test_a_pdf_of_other_pages_has_an_exit_code_of_its_own_and_is_not_called_authentic(
    deposit: Deposit, tmp_path: Path, forge: Callable[[bytes], bytes]
) -> None:
    file, out = tmp_path / "accuse.pdf", io.StringIO()
    file.write_bytes(forge(receipt_pdf.draw(receipts.envelope_of(deposit), "fr")))
    with pytest.raises(CommandError) as raised:
        call_command("verify_receipt", str(file), stdout=out)
    assert raised.value.returncode == 4
    output = out.getvalue()
    assert output.startswith("accuse.pdf: PAGES NOT OURS")
    assert "authentic" not in output
    assert deposit.number in output
