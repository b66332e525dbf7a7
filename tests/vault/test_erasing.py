"""Erasing: the key goes first, the proof stays. Taking back, and the end of what is kept."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, SignInCounter
from adherents.crypto.envelopes import opening_stream
from adherents.crypto.keys import CannotOpen
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains
from adherents.mail.models import MailState, OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import NoSuchObject, StorageFailed, open_object
from adherents.vault.models import Document, Page, SetAside, State
from adherents.vault.origins import Erased
from adherents.vault.receipts.services import hand_out
from adherents.vault.services import erasing
from adherents.vault.services.erasing import TooLateToTakeBack, erase, take_back
from adherents.vault.services.reading import Gone, download
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.retention import rules
from adherents.vault.services.sweeping import sweep_forgotten
from tests.vault.conftest import deposited, objects_in, pdf

Text = Callable[[Any], str]
pytestmark = pytest.mark.django_db


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.any_database)])
def storage(request: pytest.FixtureRequest, objects_folder: Path) -> None:
    if request.param == "s3":
        request.getfixturevalue("s3_storage")


def opens(wrapped_key: bytes, document: Document) -> bool:
    try:
        with open_object(document.storage_name) as source:
            opening_stream(wrapped_key, source, document_id=document.sealed_as, sha256=document.sha256).read(
                1
            )
    except (CannotOpen, NoSuchObject):
        return False
    return True


def verify_vault() -> str:
    out = io.StringIO()
    call_command("verify_vault", pace=0, stdout=out)
    return out.getvalue()


def purge(*arguments: str) -> dict[str, int]:
    """What `adherents purge` says, by name."""
    out = io.StringIO()
    call_command("purge", *arguments, stdout=out)
    lines = [line.split(":")[0].split(maxsplit=1) for line in out.getvalue().splitlines() if ": " in line]
    return {name: int(count) for count, name in lines if count.isdigit()}


def test_what_was_taken_back_opens_no_more_and_leaves_its_proof(member: Member, storage: None) -> None:
    document = deposited(member, pdf(2), "facture-secrete.pdf")
    draw_due()
    key = bytes(Document.objects.get().wrapped_key)
    pages = list(Page.objects.all())
    proof = hand_out(
        acting=on_own_file(member), number=document.deposit.number, form="json", language="fr"
    ).content
    take_back(acting=on_own_file(member), document_id=document.pk)

    row = Document.objects.get()
    assert (row.wrapped_key, row.name, row.name_key, row.note) == (b"", "", "", "")
    assert (row.state, row.erased_because) == (State.WITHDRAWN, Erased.WITHDRAWN)
    assert (row.sha256, row.size, row.deposit) == (document.sha256, document.size, document.deposit)
    assert not Page.objects.exists()
    for name in (document.storage_name, *(page.storage_name for page in pages)):
        with pytest.raises(NoSuchObject):
            open_object(name)
    assert not opens(key, document)
    with pytest.raises(Gone):
        download(acting=on_own_file(member), document_id=document.pk)
    entry = Entry.objects.about(document.subject)[0]
    assert (entry.event, entry.actor) == (Event.DOCUMENT_ERASED, member.subject)
    assert entry.details == {
        "code": "withdrawn",
        "deposit": document.deposit.number,
        "kind": "rib",
        "size": document.size,
        "sha256": document.sha256,
        "pages": 2,
    }
    assert not list(broken_chains())
    assert (
        hand_out(
            acting=on_own_file(member), number=document.deposit.number, form="json", language="fr"
        ).content
        == proof
    )
    assert verify_vault() == "0 file(s), 0 bytes, 0 object(s): everything is whole\n"


def test_the_key_goes_even_where_the_storage_does_not_answer(
    member: Member, storage: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = deposited(member, pdf())

    def away(name: str) -> None:
        raise StorageFailed("away")

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "delete_object", away)
        take_back(acting=on_own_file(member), document_id=document.pk)
    assert bytes(Document.objects.get().wrapped_key) == b""
    assert UnclaimedObject.objects.get().storage_name == document.storage_name
    open_object(document.storage_name).close()
    assert "everything is whole" in verify_vault()
    UnclaimedObject.objects.update(at=timezone.now() - relativedelta(days=2))
    assert sweep_forgotten() == 1
    with pytest.raises(NoSuchObject):
        open_object(document.storage_name)


def test_a_worker_that_was_drawing_it_adds_no_page(member: Member, objects_folder: Path) -> None:
    document = deposited(member, pdf())
    [claimed] = Document.objects.claim_due(limit=1)
    from adherents.vault.services import rendition
    from adherents.vault.services.budget import Budget

    drawn = rendition._draw(claimed, Budget.of(claimed))
    take_back(acting=on_own_file(member), document_id=document.pk)
    rendition._checked(claimed, drawn)
    assert not Page.objects.exists()
    assert Document.objects.get().state == State.WITHDRAWN
    assert draw_due() == 0


@pytest.mark.parametrize(
    "state", [State.IN_PROGRESS, State.ACCEPTED, State.REFUSED, State.INCOMPLETE], ids=str
)
def test_it_is_too_late_once_somebody_treats_it(member: Member, state: State, signed_in: Client) -> None:
    document = deposited(member, pdf())
    Document.objects.update(state=state)
    with pytest.raises(TooLateToTakeBack):
        take_back(acting=on_own_file(member), document_id=document.pk)
    assert signed_in.post(f"/adherent/documents/{document.pk}/reprendre/").status_code == 409
    assert (
        "Reprendre ce document" not in signed_in.get(f"/adherent/documents/{document.pk}/").content.decode()
    )
    assert Document.objects.get().wrapped_key


def test_anothers_document_is_not_taken_back(signed_in: Client, other_member: Member) -> None:
    theirs = deposited(other_member, pdf())
    for answer in (signed_in.get, signed_in.post):
        assert answer(f"/adherent/documents/{theirs.pk}/reprendre/").status_code == 404
    assert Document.objects.get().wrapped_key


def test_a_member_takes_a_document_back_in_two_steps(
    signed_in: Client, member: Member, sentences: Text, objects_folder: Path
) -> None:
    document = deposited(member, pdf(), "rib.pdf")
    address = f"/adherent/documents/{document.pk}/"
    assert "Reprendre ce document" in sentences(signed_in.get(address))
    asked = sentences(signed_in.get(f"{address}reprendre/"))
    assert "Reprendre ce document ?" in asked
    assert "rib.pdf" in asked
    assert Document.objects.get().erased_at is None
    assert signed_in.post(f"{address}reprendre/")["Location"] == address
    page = sentences(signed_in.get(address))
    assert "Repris" in page
    assert "Vous avez repris ce document le" in page
    assert document.sha256 in page
    assert f"{address}telecharger/" not in signed_in.get(address).content.decode()
    assert "rib.pdf" not in page
    assert signed_in.get(f"{address}telecharger/").status_code == 410
    assert signed_in.post(f"{address}reprendre/")["Location"] == address
    assert Entry.objects.filter(event=Event.DOCUMENT_ERASED).count() == 1
    receipt = sentences(signed_in.get(f"/adherent/documents/accuses/{document.deposit.number}/"))
    assert "Repris" in receipt
    assert "Repris" in sentences(signed_in.get("/adherent/documents/"))
    assert not objects_in(objects_folder)


def test_no_row_is_half_erased(member: Member) -> None:
    deposited(member, pdf())
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.update(erased_at=timezone.now(), erased_because="retention")


def test_a_destroyed_key_is_overwritten_in_the_database_file() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL leaves that to VACUUM")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0]


def kept(member: Member, *, months: int, **columns: Any) -> Document:
    document = deposited(member, pdf())
    at = timezone.now() - relativedelta(months=months)
    Document.objects.filter(pk=document.pk).update(**{"at": at, "state_at": at, "kind": "devis", **columns})
    return document


def test_each_kind_is_kept_as_long_as_the_profile_says_after_it_was_treated(member: Member) -> None:
    assert profile().documents.kind("devis").retention_months == 12
    over = [
        kept(member, months=13, state=State.ACCEPTED),
        kept(member, months=13, state=State.REFUSED),
        kept(member, months=13, set_aside=SetAside.UNREADABLE),
        kept(member, months=61, kind="rib", state=State.ACCEPTED),
    ]
    stay = [
        kept(member, months=11, state=State.ACCEPTED),
        kept(member, months=13, state=State.ACCEPTED, state_at=timezone.now()),
        kept(member, months=40, state=State.IN_PROGRESS),
        kept(member, months=59, kind="rib", state=State.ACCEPTED),
        kept(member, months=59, kind="dropped_since", state=State.ACCEPTED),
    ]
    plan = purge()
    assert (plan["document(s) devis"], plan["document(s) rib"], plan["document(s) autre"]) == (3, 1, 0)
    assert Document.objects.kept().count() == 9
    assert purge("--apply")["document(s) devis"] == 3
    assert set(Document.objects.kept()) == set(stay)
    assert {document.erased_because for document in Document.objects.exclude(erased_at=None)} == {
        Erased.RETENTION
    }
    assert not any(purge("--apply").values())
    for erased in over:
        assert Entry.objects.about(erased.subject)[0].details["code"] == "retention"
    assert "5 object(s): everything is whole" in verify_vault()
    assert {rule.kind: rule.waiting() for rule in rules()}["devis"] == 1


def test_a_purge_that_is_stopped_goes_on(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        kept(member, months=13, state=State.ACCEPTED)
    first = Document.objects.order_by("pk").first()
    assert erase(document_id=first.pk, because=Erased.RETENTION)
    assert not erase(document_id=first.pk, because=Erased.RETENTION)
    assert purge("--apply")["document(s) devis"] == 2


def test_the_end_of_february_counts_as_a_month(member: Member) -> None:
    with time_machine.travel("2027-02-28 12:00:00+01:00"):
        before = {rule.kind: rule.before for rule in rules()}
    assert f"{before['devis']:%d/%m/%Y}" == "28/02/2026"
    with time_machine.travel("2028-02-29 12:00:00+01:00"):
        before = {rule.kind: rule.before for rule in rules()}
    assert f"{before['devis']:%d/%m/%Y}" == "28/02/2027"


def test_old_rows_of_the_other_rooms_go_and_a_lock_and_the_journal_stay(member: Member) -> None:
    account = member.account
    assert account is not None
    long_ago = timezone.now() - relativedelta(days=100)
    for state in (MailState.SENT, MailState.WAITING):
        mail = OutboxMail(name="a/b", recipient="a@example.org", language="fr", context="{}", state=state)
        mail.created_at, mail.next_attempt_at = long_ago, None if state == MailState.SENT else timezone.now()
        mail.save()
    for expires_at, token in ((long_ago, "a"), (timezone.now(), "b")):
        AccessLink.objects.create(account=account, purpose="reset", token_hash=token, expires_at=expires_at)
    for number, locked_at in (("1", None), ("2", long_ago)):
        SignInCounter.objects.create(
            identifier_index=SignInCounter.index(number), failures=4, locked_at=locked_at, touched_at=long_ago
        )
    entries = Entry.objects.count()
    plan = purge()
    assert (plan["mails"], plan["links"], plan["sign-in counters"]) == (1, 1, 1)
    assert OutboxMail.objects.count() == 2
    purge("--apply")
    assert OutboxMail.objects.get().state == MailState.WAITING
    assert AccessLink.objects.get().token_hash == "b"
    assert SignInCounter.objects.get().locked_at == long_ago
    assert Entry.objects.count() == entries
