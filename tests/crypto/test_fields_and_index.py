"""Sealed columns and what finds them again."""

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from adherents.accounts.models import Account, ResetRequest, SignInCounter
from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.index import blind_index, blind_indexes
from adherents.crypto.keys import CannotOpen
from adherents.members.models import Beneficiary, Member
from tests.cast import CAMILLE
from tests.factories import add_to_register

OLD, NEW = b"o" * 32, b"n" * 32


def raw(table: str, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{table}"')
        return bytes(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Camille", "", "Éva\nl’été\x00?", "🌷" * 50])
def test_text_is_clear_in_python_and_sealed_in_the_database(text: str) -> None:
    Account.objects.create(identifier="1", display_name=text)
    assert Account.objects.get().display_name == text
    stored = raw("accounts_account", "display_name")
    assert stored == b"" if not text else text.encode() not in stored


@pytest.mark.django_db
def test_what_one_column_sealed_does_not_open_in_another() -> None:
    Account.objects.create(identifier="1", display_name="Camille")
    ResetRequest.objects.create(identifier="70100001")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_resetrequest SET identifier = (SELECT display_name FROM accounts_account)"
        )
    with pytest.raises(CannotOpen):
        _ = ResetRequest.objects.get().identifier


@pytest.mark.django_db
def test_altered_bytes_are_refused_not_shown() -> None:
    Account.objects.create(identifier="1", display_name="Camille")
    stored = bytearray(raw("accounts_account", "display_name"))
    stored[-1] ^= 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_account SET display_name = %s", [bytes(stored)])
    with pytest.raises(CannotOpen):
        _ = Account.objects.get().display_name


def test_every_sealed_column_has_its_own_place() -> None:
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    ]
    places = {field._place for field in fields}
    assert len(places) == len(fields) >= 16
    assert "members.Member.nir\n" in places


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_no_two_identities_are_written_alike(first: list[str], other: list[str]) -> None:
    field = Beneficiary._meta.get_field("nir")
    assert (field._associated(first, 1) == field._associated(other, 1)) == (first == other)
    assert field._associated([first[0], None], 1) != field._associated([first[0], "1"], 1)


@pytest.mark.django_db
def test_a_rotation_loses_nobody(settings: LazySettings) -> None:
    settings.ADHERENTS_MASTER_KEYS = [OLD]
    add_to_register(CAMILLE)
    SignInCounter.objects.create(identifier_index=SignInCounter.index("70100001"), failures=3)
    settings.ADHERENTS_MASTER_KEYS = [NEW, OLD]
    member = Member.objects.with_nir(CAMILLE.nir).get()
    assert member.nir == CAMILLE.nir
    assert SignInCounter.objects.state("70100001").failures == 3
    member.set_nir(CAMILLE.nir)
    member.save()
    settings.ADHERENTS_MASTER_KEYS = [NEW]
    assert Member.objects.with_nir(CAMILLE.nir).get().nir == CAMILLE.nir


@given(st.text(), st.text())
def test_an_index_is_the_same_for_the_same_text_only(first: str, other: str) -> None:
    assert len(blind_index("nir", first)) == 16
    assert (blind_index("nir", first) == blind_index("nir", other)) == (first == other)
    assert blind_index("nir", first) != blind_index("sign-in", first)


def test_an_index_needs_the_key_and_is_looked_for_under_every_live_one(settings: LazySettings) -> None:
    settings.ADHERENTS_MASTER_KEYS = [OLD]
    old = blind_index("nir", CAMILLE.nir)
    settings.ADHERENTS_MASTER_KEYS = [NEW, OLD]
    assert blind_index("nir", CAMILLE.nir) != old
    assert blind_indexes("nir", CAMILLE.nir) == [blind_index("nir", CAMILLE.nir), old]
