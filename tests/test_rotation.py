"""A new master key: after `rotate_keys` the old one can be removed, and nothing is lost, whatever was written meanwhile."""

import io
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.utils import timezone

from adherents.accounts.allauth_internals import new_totp_secret
from adherents.accounts.models import Account, DirectoryIdentity, ResetRequest, SignInCounter
from adherents.accounts.second_factor import services as second_factor
from adherents.accounts.second_factor.sealing import open_secret, seal_secret
from adherents.accounts.services import lock
from adherents.crypto import rotation
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.keys import CannotOpen
from adherents.crypto.rows import open_all
from adherents.enrolment.models import IdentityClaim
from adherents.mail.models import OutboxMail
from adherents.mail.services import post
from adherents.members.intake.digest import LineDigest
from adherents.members.intake.former import take_number_from
from adherents.members.models import Beneficiary, Member
from adherents.storage.reading import clear_bytes, verify
from adherents.vault.models import Document, Page
from adherents.vault.receipts import signing
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.verification import sealed_models
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS
from tests.database_contents import as_stored, stored
from tests.factories import open_account
from tests.vault.conftest import deposited, objects_folder, pdf  # noqa: F401

pytestmark = pytest.mark.django_db
OLD, NEW, NEWER = b"o" * 32, b"n" * 32, b"m" * 32
LINE = ["70100001", "un", "deux"]


def rotate() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


@pytest.fixture
def sealed_long_ago(settings: Any) -> Document:
    """Something of everything under the old key; the new one is first from now on."""
    settings.ADHERENTS_MASTER_KEYS = [OLD]
    account = open_account(CAMILLE)
    member = Member.objects.get(account=account)
    Member.objects.filter(pk=member.pk).update(row_digest=LineDigest("member").of(LINE))
    beneficiary = Beneficiary(member=member, rank=1, birth_name="DUPONT", first_names="Lou")
    beneficiary.set_nir(EVE.nir)
    beneficiary.save()
    document = deposited(member, pdf(2))
    draw_due()
    for _ in range(3):
        lock.take_try(account.identifier, None)
    ResetRequest.objects.create(identifier=account.identifier)
    DirectoryIdentity.objects.create(
        account=account, issuer="https://login.example", sub="1", presented_name="Nadia"
    )
    IdentityClaim.objects.create(words="{}")
    with transaction.atomic():
        post("accounts/locked", to="camille@example.org", language="fr", context={"a": "b"})
    secret = new_totp_secret()
    Authenticator.objects.create(
        user=account,
        type=Authenticator.Type.TOTP,
        data={"secret": seal_secret(secret, account_id=account.pk)},
    )
    seed = {"seed": seal_secret("seed", account_id=account.pk), "used_mask": 0}
    Authenticator.objects.create(user=account, type=Authenticator.Type.RECOVERY_CODES, data=seed)
    settings.ADHERENTS_MASTER_KEYS = [NEW, OLD]
    return document


def test_after_it_the_old_key_can_be_removed(sealed_long_ago: Document, settings: Any) -> None:
    account, member = Account.objects.get(), Member.objects.get()
    codes = second_factor.show_recovery_codes(account=account)
    factors = {factor.type: factor for factor in Authenticator.objects.all()}
    secret = open_secret(factors["totp"].data["secret"], account_id=account.pk)
    output = rotate()
    assert "Everything is under the first key" in output
    assert "the others can be removed" in output

    settings.ADHERENTS_MASTER_KEYS = [NEW]
    for model in apps.get_models():
        for row in model._base_manager.all():
            open_all(row)
    document = Document.objects.get()
    assert b"".join(clear_bytes(document)) == pdf(2)
    for page in Page.objects.all():
        verify(page)
    assert Page.objects.count() == 2
    assert signing.seed_of(signing.live_key())
    assert Member.objects.with_nir(CAMILLE.nir).get() == member
    assert Member.objects.get().nir == CAMILLE.nir
    assert Beneficiary.objects.get().nir == EVE.nir
    assert [lock.take_try(account.identifier, None).number for _ in range(2)] == [4, 5]
    with pytest.raises(lock.Locked):
        lock.take_try(account.identifier, None)
    assert open_secret(Authenticator.objects.get(type="totp").data["secret"], account_id=account.pk) == secret
    assert second_factor._use_recovery_code(account, codes[4])
    assert not second_factor._use_recovery_code(account, codes[4])
    assert second_factor.recovery_codes_left(account) == 9
    assert json.loads(OutboxMail.objects.get(name="accounts/locked").context) == {"a": "b"}


def test_without_it_nothing_opens_once_the_old_key_is_gone(sealed_long_ago: Document, settings: Any) -> None:
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    with pytest.raises(CannotOpen):
        _ = Member.objects.get().nir
    with pytest.raises(CommandError, match="keep the others"):
        rotate()


def test_what_does_not_open_is_named_and_the_rest_is_done(sealed_long_ago: Document, settings: Any) -> None:
    request = ResetRequest.objects.get()
    sealed = stored(request, "identifier")
    ResetRequest.objects.filter(pk=request.pk).update(identifier=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    settings.ADHERENTS_MASTER_KEYS = [NEWER, NEW, OLD]
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^1 row\(s\) are not under the first key, or do not open"):
        call_command("rotate_keys", stdout=out)
    assert f"accounts.ResetRequest {request.pk} does not open" in out.getvalue()
    settings.ADHERENTS_MASTER_KEYS = [NEWER]
    assert Member.objects.get().nir == CAMILLE.nir


def test_what_was_copied_from_another_row_is_named_though_it_is_under_the_first_key(
    sealed_long_ago: Document, settings: Any
) -> None:
    rotate()
    other = ResetRequest.objects.create(identifier="70100002")
    request = ResetRequest.objects.exclude(pk=other.pk).get()
    ResetRequest.objects.filter(pk=other.pk).update(identifier=stored(request, "identifier"))
    factor = Authenticator.objects.get(type="totp")
    factor.data["secret"] = seal_secret("AAAA", account_id=factor.user_id + 1)
    factor.save()
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^2 row\(s\)"):
        call_command("rotate_keys", stdout=out)
    assert f"accounts.ResetRequest {other.pk} does not open" in out.getvalue()
    assert f"mfa.Authenticator {factor.pk} does not open" in out.getvalue()


def test_a_second_run_changes_nothing(sealed_long_ago: Document) -> None:
    rotate()
    before = {model: as_stored(model._base_manager.order_by("pk")) for model in (Member, Document, Page)}
    for line in rotate().splitlines()[:-2]:
        assert line.strip().startswith("0 of "), line
    assert before == {model: as_stored(model._base_manager.order_by("pk")) for model in before}


def test_a_rotation_that_was_stopped_goes_on(
    sealed_long_ago: Document, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 1)

    def stop(name: str, batch: rotation.RotationStats) -> None:
        if name.startswith("documents"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate_everything(stop)
    verify(Document.objects.get())
    rotate()
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    verify(Document.objects.get())
    assert Member.objects.with_nir(CAMILLE.nir).exists()


def test_what_is_written_meanwhile_is_not_lost(
    sealed_long_ago: Document, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of a row and its writing, another process gives the member another NIR."""
    true_seal, written = EncryptedTextField.seal, []

    def seal(self: Any, clear: str, *identity: object, pk: object = None) -> bytes:
        if clear == CAMILLE.nir and not written:
            written.append(clear)
            other = Member.objects.defer("nir").get()
            other.set_nir(JEAN_FRANCOIS.nir)
            other.save(update_fields=["nir", "nir_index"])
        return true_seal(self, clear, *identity, pk=pk)

    monkeypatch.setattr(EncryptedTextField, "seal", seal)
    rotate()
    assert written
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    assert Member.objects.with_nir(JEAN_FRANCOIS.nir).get().nir == JEAN_FRANCOIS.nir
    assert not Member.objects.with_nir(CAMILLE.nir).exists()


def test_a_number_that_is_given_to_another_person_meanwhile_loses_nobody(
    sealed_long_ago: Document, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of the rows and their writing, what their values are bound to becomes another."""
    true_seal, given = EncryptedTextField.seal, []

    def seal(self: Any, clear: str, *identity: object, pk: object = None) -> bytes:
        if clear == CAMILLE.nir and not given:
            given.append(clear)
            Member.objects.update(gone_at=timezone.now())
            with transaction.atomic():
                take_number_from(CAMILLE.number, actor="system")
        return true_seal(self, clear, *identity, pk=pk)

    monkeypatch.setattr(EncryptedTextField, "seal", seal)
    rotate()
    assert given
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    assert Member.objects.get().is_former_holder
    assert Member.objects.get().nir == CAMILLE.nir
    assert Beneficiary.objects.get().nir == EVE.nir
    assert Account.objects.get().display_name


def test_a_row_saved_by_who_had_read_it_before_is_found_again(
    sealed_long_ago: Document, settings: Any
) -> None:
    read_before = Member.objects.get()
    rotate()
    read_before.save()  # its index is the old key's, its NIR is sealed under the new one
    rotate()
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    assert Member.objects.with_nir(CAMILLE.nir).exists()


def test_two_counters_of_one_browser_become_the_more_severe(sealed_long_ago: Document, settings: Any) -> None:
    locked_at = timezone.now()
    SignInCounter.objects.create(
        identifier_index=SignInCounter.index(CAMILLE.number), failures=5, locked_at=locked_at
    )
    assert SignInCounter.objects.count() == 2
    rotate()
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    counter = SignInCounter.objects.get()
    assert (counter.failures, counter.locked_at) == (5, locked_at)
    assert SignInCounter.objects.every(CAMILLE.number).get() == counter


def test_an_unchanged_line_is_recognised_until_then_and_read_anew_after(
    sealed_long_ago: Document, settings: Any
) -> None:
    digests = LineDigest("member")
    assert digests.recognises(LINE, bytes(Member.objects.get().row_digest))
    Beneficiary.objects.update(row_digest=digests.of(LINE))
    rotate()
    assert bytes(Member.objects.get().row_digest) == b""
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    assert LineDigest("member").recognises(LINE, bytes(Beneficiary.objects.get().row_digest))


def test_every_sealed_column_has_a_step_that_turns_it() -> None:
    sealed = {
        (model._meta.label, column.name)
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, EncryptedTextField)
        or (isinstance(column, models.BinaryField) and column.name in {"nir_index", "identifier_index"})
    }
    sealed |= {(model._meta.label, "wrapped_key") for model in sealed_models()}
    assert len(sealed) >= 12
    sealed |= {("vault.SigningKey", "sealed_seed"), ("mfa.Authenticator", "data")}
    assert not sealed - rotation.COVERED
