"""A sealed value opens in the row it was sealed for. A thief who can write to the database copies it to another row in vain."""

import ast
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Upper
from django.utils import timezone

from adherents.accounts.client import Client as Browser
from adherents.accounts.models import Account
from adherents.accounts.second_factor import services as second_factor
from adherents.accounts.second_factor.sealing import open_secret, seal_secret, secrets_of
from adherents.accounts.services.register import push_facts
from adherents.accounts.services.retiring import retire
from adherents.crypto.fields import EncryptedTextField, SealedValue
from adherents.crypto.keys import CannotOpen, keyring
from adherents.crypto.rows import SealedQuerySet, encrypted_columns, moved
from adherents.drafts.models import Draft
from adherents.enrolment.models import LetterBatch
from adherents.mail.models import OutboxMail
from adherents.mail.services import send_due
from adherents.members.intake.former import take_number_from, take_ranks
from adherents.members.models import Beneficiary, Member
from adherents.messaging.models import Message, Thread
from tests.agents import add_totp, code_of, make_agent, signed_in
from tests.cast import CAMILLE, EVE
from tests.database_contents import stored
from tests.factories import add_to_register, open_account
from tests.sealed_pairs import (
    MADE,
    NOW,
    two_accounts,
    two_beneficiaries,
    two_letters,
    two_mails,
    two_members,
    two_threads,
)

pytestmark = pytest.mark.django_db
ENCRYPTED = [
    (model, column)
    for model in apps.get_models()
    for column in model._meta.concrete_fields
    if isinstance(column, EncryptedTextField)
]
each_column = pytest.mark.parametrize(
    ("model", "column"), ENCRYPTED, ids=[str(column) for _model, column in ENCRYPTED]
)
STRANGER = Browser(address="192.0.2.1", browser="", device_tokens=())


def put(row: models.Model, column: str, sealed: bytes) -> None:
    """Write to the database past the portal, as a thief would."""
    key = row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE "{key.column}" = %s',
            [sealed, key.get_db_prep_value(row.pk, connection)],
        )
        assert cursor.rowcount == 1


def read(row: models.Model, column: str) -> object:
    return getattr(type(row)._base_manager.get(pk=row.pk), column)


@each_column
def test_a_value_copied_to_another_row_does_not_open(
    model: type[models.Model], column: EncryptedTextField
) -> None:
    mine, theirs = MADE[model]()
    own = read(mine, column.attname), read(theirs, column.attname)
    assert own[0] != own[1]
    assert all(own)
    put(theirs, column.attname, stored(mine, column.attname))
    assert read(mine, column.attname) == own[0]
    with pytest.raises(CannotOpen):
        read(theirs, column.attname)
    with pytest.raises(CannotOpen):  # read by itself, later
        getattr(model._base_manager.defer(column.attname).get(pk=theirs.pk), column.attname)


@each_column
def test_the_form_that_was_bound_to_its_column_only_is_refused(
    model: type[models.Model], column: EncryptedTextField
) -> None:
    row = MADE[model]()[0]
    put(row, column.attname, keyring().seal("field", b"un", f"{model._meta.label}.{column.name}".encode()))
    with pytest.raises(CannotOpen):
        read(row, column.attname)


@each_column
def test_it_opens_again_however_it_was_written(model: type[models.Model], column: EncryptedTextField) -> None:
    """Saved anew, inserted with others, read alone."""
    row = MADE[model]()[0]
    clear = read(row, column.attname)
    before = stored(row, column.attname)
    model._base_manager.get(pk=row.pk).save()
    assert stored(row, column.attname) != before
    assert read(row, column.attname) == clear
    assert getattr(model._base_manager.defer(column.attname).get(pk=row.pk), column.attname) == clear
    assert getattr(model._base_manager.only("pk").get(pk=row.pk), column.attname) == clear


def test_every_encrypted_column_says_what_it_is_bound_to_and_is_read_through_rows() -> None:
    assert {model for model, _column in ENCRYPTED} == MADE.keys()
    for model, column in ENCRYPTED:
        assert column.bound_to, column
        assert isinstance(model._default_manager.all(), SealedQuerySet), model
        assert "crypto.E001" not in {error.id for error in column.check()}
    unbound = EncryptedTextField(name="words")
    unbound.set_attributes_from_name("words")
    unbound.model = Draft
    assert "crypto.E001" in {error.id for error in unbound.check()}


def test_a_letters_reader_and_a_mails_kind_are_held_by_the_seal_too() -> None:
    """What says whose a value is cannot be changed beside it."""
    letters, mail = two_letters()[0], two_mails()[0]
    note = Message.objects.create(
        thread=two_threads()[0], author=make_agent(), from_member=False, internal=True, body="note"
    )
    models.QuerySet(LetterBatch).filter(pk=letters.pk).update(actor="agent:2")
    models.QuerySet(OutboxMail).filter(pk=mail.pk).update(name="a/c")
    models.QuerySet(Message).filter(pk=note.pk).update(internal=False)
    for row, column in ((letters, "sheets"), (mail, "recipient"), (note, "body")):
        with pytest.raises(CannotOpen):
            read(row, column)


def test_a_value_is_neither_selected_nor_updated_without_its_row() -> None:
    account = open_account(CAMILLE)
    own = Account.objects.filter(pk=account.pk)
    wrong: list[Callable[[], object]] = [
        lambda: list(own.values_list("display_name")),
        lambda: list(own.values("pk", "display_name")),
        lambda: list(own.values()),
        lambda: own.update(display_name="Eve"),
        lambda: own.update(display_name=F("email")),
        lambda: own.update(display_name=Upper(Value("eve"))),
        lambda: own.filter(display_name="Camille"),
        lambda: Account.objects.bulk_update([account], ["display_name"]),
        lambda: str(own.annotate(name=F("display_name")).get().name),
        lambda: setattr(account, "display_name", b"sealed"),
        lambda: Draft(account_id=None, kind="reply", about="", sealed="un").save(),
    ]
    before = stored(account, "display_name")
    for act in wrong:
        with pytest.raises((TypeError, CannotOpen)), transaction.atomic():
            act()
    assert stored(account, "display_name") == before
    assert isinstance(own.annotate(name=F("display_name")).get().name, SealedValue)


def test_what_a_value_is_bound_to_changes_with_it_only() -> None:
    member, account = add_to_register(CAMILLE), open_account(EVE)
    with pytest.raises(TypeError, match="sealed anew"):
        Member.objects.filter(pk=member.pk).update(number="1")
    with pytest.raises(TypeError, match="sealed anew"):
        Account.objects.update(identifier="1")
    read_before = Member.objects.get(pk=member.pk)
    read_before.number = "1"
    with pytest.raises(CannotOpen), transaction.atomic():  # still sealed for the former number
        read_before.save()
    assert Member.objects.get(pk=member.pk).number == member.number
    member.number = "1"  # its NIR is open: it is sealed anew in the same write
    member.save()
    assert Member.objects.get(number="1").nir == CAMILLE.nir
    Account.objects.filter(pk=account.pk).update(
        identifier="1", display_name=moved(account, "display_name", "1")
    )
    assert Account.objects.get(identifier="1").display_name == account.display_name


def test_no_partial_save_writes_an_identity_without_what_is_bound_to_it() -> None:
    """`save(update_fields=…)` asks the sealed column nothing when it is not among them: nowhere is an identity among them."""
    plain = {"number", "rank", "identifier", "seal_id", "device_hashes", "actor", "about", "internal"}
    assert plain <= {path for _model, column in ENCRYPTED for path in column.bound_to}
    for file in (Path(__file__).parents[1] / "src" / "adherents").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            for named in (keyword.value for keyword in call.keywords if keyword.arg == "update_fields"):
                written = {node.value for node in ast.walk(named) if isinstance(node, ast.Constant)}
                assert not written & plain, f"{file}:{call.lineno}"


def test_a_former_holder_keeps_what_is_theirs_and_the_new_one_has_none_of_it() -> None:
    account = open_account(CAMILLE)
    member = Member.objects.get(account=account)
    child = Beneficiary(member=member, rank=1, birth_name="DUPONT", first_names="Lou")
    child.set_nir(EVE.nir)
    child.save()
    Member.objects.update(gone_at=NOW)
    former, childs = stored(member, "nir"), stored(child, "nir")
    with transaction.atomic():
        take_number_from(CAMILLE.number, actor="system")
    assert Member.objects.get(pk=member.pk).nir == CAMILLE.nir
    assert Beneficiary.objects.get(pk=child.pk).nir == EVE.nir
    assert Account.objects.get(pk=account.pk).display_name == account.display_name
    for row, sealed in ((member, former), (child, childs)):
        put(row, "nir", sealed)
        with pytest.raises(CannotOpen):
            read(row, "nir")


def test_who_loses_a_rank_keeps_their_nir() -> None:
    _child, other = two_beneficiaries()
    Beneficiary.objects.filter(pk=other.pk).delete()
    with transaction.atomic():
        take_ranks([f"{CAMILLE.number}/1"], actor="system")
    kept = Beneficiary.objects.get()
    assert (kept.rank, kept.nir) == (None, EVE.nir)


def test_an_account_is_retired_and_brought_up_to_date_though_its_name_does_not_open() -> None:
    """One altered name stops no import."""
    camille, eve = two_accounts()
    put(camille, "display_name", stored(eve, "display_name"))
    push_facts(
        account_id=camille.pk, email="a@a.fr", birth_date="1954-03-05", language="fr", display_name="Camille"
    )
    assert read(camille, "display_name") == "Camille"
    put(camille, "display_name", stored(eve, "display_name"))
    retire(account=camille, actor="system")
    assert Account.objects.get(pk=camille.pk).is_retired
    with pytest.raises(CannotOpen):
        read(camille, "display_name")


def test_a_former_holder_whose_nir_does_not_open_stops_no_import() -> None:
    camille, eve = two_members()
    Member.objects.update(gone_at=NOW)
    put(camille, "nir", stored(eve, "nir"))
    with transaction.atomic():
        take_number_from(CAMILLE.number, actor="system")
    assert Member.objects.get(pk=camille.pk).is_former_holder


def test_a_second_factor_moved_to_another_account_opens_nothing() -> None:
    mine, theirs = make_agent(), open_account(EVE)
    secret = add_totp(mine)
    with secrets_of(mine):
        second_factor.show_recovery_codes(account=mine)
    Authenticator.objects.filter(user=mine).update(user=theirs)
    factor = Authenticator.objects.get(user=theirs)
    with pytest.raises(CannotOpen):
        open_secret(factor.data["secret"], account_id=theirs.pk)
    with pytest.raises(second_factor.WrongCode):
        second_factor.check_code(account=theirs, code=code_of(secret), client=STRANGER)


def test_recovery_codes_copied_to_another_account_open_nothing() -> None:
    mine, theirs = make_agent(), open_account(EVE)
    sheets = []
    for account in (mine, theirs):
        seed = {"seed": seal_secret("ab" * 40, account_id=account.pk), "used_mask": 0}
        sheets.append(Authenticator.objects.create(user=account, type="recovery_codes", data=seed))
    code = second_factor.show_recovery_codes(account=mine)[0]
    sheets[0].refresh_from_db()
    Authenticator.objects.filter(pk=sheets[1].pk).update(data=sheets[0].data)
    assert second_factor._use_recovery_code(theirs, code) is None
    assert second_factor._use_recovery_code(mine, code)


def test_a_mail_whose_recipient_was_exchanged_goes_to_nobody(
    mailoutbox: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = two_mails()
    put(theirs, "recipient", stored(mine, "recipient"))
    with caplog.at_level(logging.ERROR, "adherents.work"):
        claimed = OutboxMail.objects.claim_due(10)
    assert [mail.pk for mail in claimed] == [mine.pk]
    assert "put off" in caplog.text
    assert OutboxMail.objects.get(pk=theirs.pk).next_attempt_at > timezone.now()
    assert send_due() == 0
    assert mailoutbox == []


def test_one_altered_row_hides_none_of_its_neighbours(caplog: pytest.LogCaptureFixture) -> None:
    """The reader is told that it does not open; the installation's log says which row."""
    account = open_account(CAMILLE)
    member = Member.objects.get(account=account)
    made = [Thread.objects.create(member=member, subject=subject) for subject in ("Mon RIB", "Ma carte")]
    for thread in made:
        for n, body in enumerate(("Bonjour", "Merci")):
            at = NOW + timedelta(seconds=n)
            Message.objects.create(thread=thread, author=account, from_member=True, body=body, at=at)
    put(made[1], "subject", stored(made[0], "subject"))
    put(made[1].messages.order_by("at")[0], "body", b"\x02" * 60)
    agent = make_agent()
    client = signed_in(agent)
    put(agent, "display_name", stored(account, "display_name"))
    put(member, "nir", b"\x02" * 60)
    with caplog.at_level(logging.ERROR, "adherents.crypto"):
        file = client.get(f"/gestion/adherents/{member.pk}/").content.decode()
        page = client.get(f"/gestion/messages/{made[1].pk}/").content.decode()
        assert client.get("/gestion/").status_code == 200
    assert "illisible" in file
    assert "Ce texte ne s’ouvre pas" in page
    assert "Merci" in page
    assert "Mon RIB" not in page
    assert agent.identifier in page  # in the place of the name
    rows = {getattr(record, "row", "") for record in caplog.records}
    assert {f"messaging.Thread {made[1].pk}", f"members.Member {member.pk}"} <= rows
    assert CAMILLE.nir not in caplog.text


def bound_to_its_column_alone(column: EncryptedTextField, clear: str) -> bytes:
    """As values were sealed before they were bound to their row."""
    place = f"{column.model._meta.label}.{column.name}".encode()
    return keyring().seal("field", clear.encode(), place)


@pytest.mark.parametrize("model", MADE, ids=[model._meta.label for model in MADE])
def test_what_is_bound_to_its_column_alone_does_not_open(model: type[models.Model]) -> None:
    row = MADE[model]()[0]
    for column in encrypted_columns(model):
        put(row, column.attname, bound_to_its_column_alone(column, "un texte"))
        with pytest.raises(CannotOpen):
            read(row, column.attname)
