"""The keys that sign receipts: made with the first one, sealed, published, renewed; openssl alone verifies with them."""

import io
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from adherents.crypto.keys import CannotOpen
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.vault.models import Deposit, Receipt, SigningKey
from adherents.vault.receipts import keys, signing
from adherents.vault.receipts import services as receipts
from adherents.vault.receipts.statement import Envelope, read_envelope
from adherents.vault.receipts.verdict import ReceiptVerdict
from tests.cast import CAMILLE
from tests.factories import open_account
from tests.vault.receipts import address, deposit_of, stated

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
DOCUMENTED = Path(__file__).parents[2] / "docs" / "receipts.md"


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


def test_renew_signing_key_says_the_new_one(deposit: Deposit) -> None:
    former = SigningKey.objects.get()
    out = io.StringIO()
    call_command("renew_signing_key", stdout=out)
    assert SigningKey.objects.live().get().key_id in out.getvalue()
    former.refresh_from_db()
    assert former.retired_at
    assert read_envelope(receipts.envelope_of(deposit).written())


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
