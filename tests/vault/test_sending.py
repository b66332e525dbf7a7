"""Sending: what arrives, what is refused and in which words, and what stays when something around it is refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from adherents.members.models import Beneficiary, Member
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import Deposit, Document, PendingFile, State
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.sweeping import sweep_forgotten
from tests.vault.conftest import browser_of, objects_in, pdf, picture, send, upload, waiting

Text = Callable[[Any], str]
pytestmark = pytest.mark.django_db


@pytest.mark.rule("G13")
def test_a_document_sent_is_received_numbered_and_journalled(
    signed_in: Client, member: Member, sentences: Text, objects_folder: Any
) -> None:
    with time_machine.travel("2026-11-23 15:52:00+00:00", tick=False):
        answer = send(signed_in, upload(pdf(2), "RIB.pdf"))
        deposit = Deposit.objects.get()
        assert deposit.number == "D-2026-000001"
        assert answer.status_code == 302
        page = sentences(signed_in.get(answer["Location"]))
    document = deposit.documents.get()
    assert (document.state, document.name, document.content_type) == (
        State.RECEIVED,
        "RIB.pdf",
        "application/pdf",
    )
    for words in (
        "C’est bien arrivé",
        "Accusé de dépôt n° D-2026-000001",
        "le 23/11/2026 à 16 h 52",
        "RIB.pdf",
        document.sha256,
        "Conservez cet accusé de dépôt",
        "25/11/2026",
    ):
        assert words in page, page
    entry = Entry.objects.about(document.subject).get()
    assert (entry.event, entry.actor) == (Event.DOCUMENT_DEPOSITED, member.subject)
    assert len(objects_in(objects_folder)) == 1
    assert not UnclaimedObject.objects.exists()


@pytest.mark.rule("G13")
def test_a_mail_says_that_it_arrived_in_the_members_language(signed_in: Client, member: Member) -> None:
    send(signed_in, upload(pdf()))
    mail = OutboxMail.objects.get()
    assert (mail.name, mail.recipient) == ("vault/deposit_arrived", "camille@example.org")
    import json

    context = json.loads(mail.context)
    subject, text, html = render(mail.name, language="fr", context=context)
    number = Deposit.objects.get().number
    assert subject == f"Votre document est bien arrivé (accusé de dépôt n°\u00a0{number})"
    assert number in text
    assert number in html
    assert "releve.pdf" not in text + html
    english, *_ = render(mail.name, language="en", context=context)
    assert english == f"Your document has arrived (receipt no. {number})"


def test_several_files_are_one_deposit_with_a_kind_a_beneficiary_and_a_note(
    signed_in: Client, member: Member
) -> None:
    child = Beneficiary.objects.create(member=member, rank=2, birth_name="ESSAI", first_names="Lou")
    send(
        signed_in,
        upload(pdf(), "a.pdf"),
        upload(picture("PNG"), "b.png"),
        upload(picture("HEIF"), "IMG_2041.HEIC"),
        upload(picture("WEBP"), "c.webp"),
        upload(picture("TIFF"), "d.tif"),
        kind="facture_dentaire",
        beneficiary=str(child.pk),
        note="Pour Lou.\nMerci",
    )
    documents = Document.objects.of(member)
    assert {document.content_type for document in documents} == {
        "application/pdf",
        "image/png",
        "image/heic",
        "image/webp",
        "image/tiff",
    }
    assert {document.deposit_id for document in documents} == {Deposit.objects.get().pk}
    assert {(document.kind, document.beneficiary_id, document.note) for document in documents} == {
        ("facture_dentaire", child.pk, "Pour Lou.\nMerci")
    }


def test_fields_may_come_after_the_files(signed_in: Client) -> None:
    answer = signed_in.post(
        "/adherent/documents/envoyer/", {"files": [upload(pdf())], "note": "après", "kind": "rib"}
    )
    assert answer.status_code == 302
    assert Document.objects.get().note == "après"


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"PK\x03\x04" + b"word/document.xml" * 50, "devis.docx", FileRefusal.FORMAT),
        (b"<html><script>alert(1)</script></html>", "page.pdf", FileRefusal.FORMAT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "dessin.png", FileRefusal.FORMAT),
        (b"MZ" + b"\0" * 5000, "photo.jpg", FileRefusal.FORMAT),
        (b"<html>" + b" " * 200 + pdf(), "deux.pdf", FileRefusal.FORMAT),
        (b"", "vide.pdf", FileRefusal.EMPTY),
        (pdf(password="secret"), "protege.pdf", FileRefusal.ENCRYPTED),
        (pdf(40)[:9000], "coupe.pdf", FileRefusal.CUT),
        (picture("PNG", (900, 900))[:-30], "coupe.png", FileRefusal.CUT),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_cannot_enter_is_refused_in_words(
    signed_in: Client, sentences: Text, objects_folder: Any, content: bytes, name: str, reason: FileRefusal
) -> None:
    answer = send(signed_in, upload(content, name))
    assert answer.status_code == 200
    assert str(reason.label) in sentences(answer)
    assert name in sentences(answer)
    assert not Document.objects.exists()
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_a_file_at_the_limit_enters_and_one_byte_more_is_refused(signed_in: Client, sentences: Text) -> None:
    most = 20 * 1024 * 1024
    content = pdf()
    padded = content[:9] + b"%" + b"x" * (most - len(content) - 2) + b"\n" + content[9:]
    assert len(padded) == most
    assert send(signed_in, upload(padded, "juste.pdf")).status_code == 302
    answer = send(signed_in, upload(padded + b"\n", "trop.pdf"))
    assert str(FileRefusal.TOO_LARGE.label) in sentences(answer)
    assert [document.name for document in Document.objects.all()] == ["juste.pdf"]


def test_the_twenty_first_file_is_refused_and_the_twenty_before_it_arrive(
    signed_in: Client, sentences: Text
) -> None:
    answer = send(signed_in, *(upload(picture("PNG", (8, 8)), f"{number}.png") for number in range(1, 22)))
    page = sentences(signed_in.get(answer["Location"]))
    assert Document.objects.count() == 20
    assert "1 fichier n’a pas été accepté" in page
    assert f"21.png {FileRefusal.TOO_MANY.label}" in page


def test_a_good_file_is_deposited_when_another_is_refused(signed_in: Client, sentences: Text) -> None:
    answer = send(signed_in, upload(pdf(), "bon.pdf"), upload(b"PK\x03\x04rien", "devis.docx"))
    page = sentences(signed_in.get(answer["Location"]))
    assert Document.objects.get().name == "bon.pdf"
    assert f"devis.docx {FileRefusal.FORMAT.label}" in page


def test_files_that_arrived_wait_when_a_field_is_refused(
    signed_in: Client, sentences: Text, member: Member
) -> None:
    answer = send(signed_in, upload(pdf(), "a.pdf"), upload(picture(), "b.jpg"), kind="rien", note="à garder")
    page = sentences(answer)
    assert "2 fichiers prêts à envoyer" in page
    assert "Choisissez dans la liste ce que vous envoyez." in page
    assert "à garder" in answer.content.decode()
    assert not Document.objects.exists()
    assert not UnclaimedObject.objects.exists()
    answer = send(signed_in, kind="rib", order=waiting())
    assert answer.status_code == 302
    assert sorted(document.name for document in Document.objects.of(member)) == ["a.pdf", "b.jpg"]
    assert not PendingFile.objects.exists()


def test_files_that_wait_belong_to_their_member_alone(
    signed_in: Client, other_member: Member, sentences: Text
) -> None:
    send(signed_in, upload(pdf(), "a.pdf"), kind="rien")
    arrival = PendingFile.objects.get()
    other = browser_of(other_member)
    assert "prêt à envoyer" not in sentences(other.get("/adherent/documents/envoyer/"))
    other.post(f"/adherent/documents/envoyer/{arrival.pk}/retirer/")
    assert PendingFile.objects.get() == arrival


def test_a_file_that_waits_can_be_taken_back(signed_in: Client, objects_folder: Any) -> None:
    send(signed_in, upload(pdf(), "a.pdf"), kind="rien")
    answer = signed_in.post(f"/adherent/documents/envoyer/{PendingFile.objects.get().pk}/retirer/")
    assert answer.status_code == 302
    assert not PendingFile.objects.exists()
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_what_nobody_came_back_for_is_swept_after_a_day(signed_in: Client, objects_folder: Any) -> None:
    with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
        send(signed_in, upload(pdf(), "a.pdf"), kind="rien")
        left = objects_folder / "2026/11/23/left.part"
        left.write_bytes(b"cut")
        UnclaimedObject.objects.create(storage_name="2026/11/23/left")
        clock.shift(23 * 3600)
        assert sweep_forgotten() == 0
        clock.shift(2 * 3600)
        signed_in.cookies.clear()
        assert sweep_forgotten() == 2
    assert not PendingFile.objects.exists()
    assert not objects_in(objects_folder)


def test_a_deposit_without_a_file_says_what_to_do(signed_in: Client, sentences: Text) -> None:
    page = sentences(send(signed_in))
    assert "Choisissez un fichier ou prenez une photo : rien n’est encore arrivé." in page


def test_numbers_follow_each_other_and_begin_again_with_the_year(member: Member) -> None:
    with time_machine.travel("2026-12-31 22:30:00+00:00", tick=False) as clock:
        signed_in = browser_of(member)
        send(signed_in, upload(pdf()))
        send(signed_in, upload(pdf()))
        clock.move_to("2026-12-31 23:30:00+00:00")  # half past midnight in Paris
        signed_in = browser_of(member)
        send(signed_in, upload(pdf()))
    numbers = list(Deposit.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == ["D-2026-000001", "D-2026-000002", "D-2027-000001"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Camille\\rib.pdf", "rib.pdf"),
        ("facture\u202egpj.pdf", "facturegpj.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("😀 reçu.pdf", "😀 reçu.pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
    ],
)
def test_a_name_is_kept_without_what_could_deceive(given: str, kept: str) -> None:
    from adherents.vault.names import clean_name

    assert clean_name(given) == kept


def test_a_name_of_nothing_but_marks_becomes_a_plain_one() -> None:
    from adherents.vault.names import clean_name

    assert clean_name("\u200f\u202e\n/") == "document"


def test_without_the_forms_token_nothing_enters(member: Member, objects_folder: Any) -> None:
    client = browser_of(member, enforce_csrf_checks=True)
    answer = send(client, upload(pdf()))
    assert answer.status_code == 403
    assert not Document.objects.exists()
    assert not PendingFile.objects.exists()
    assert not objects_in(objects_folder)
    assert not UnclaimedObject.objects.exists()


def test_with_the_forms_token_it_enters(member: Member) -> None:
    client = browser_of(member, enforce_csrf_checks=True)
    page = client.get("/adherent/documents/envoyer/").content.decode()
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert match
    answer = send(client, upload(pdf()), csrfmiddlewaretoken=match[1])
    assert answer.status_code == 302


def test_a_stranger_is_asked_to_sign_in_and_nothing_is_read(
    client: Client, objects_folder: Any, db: None
) -> None:
    answer = send(client, upload(pdf()))
    assert answer.status_code == 302
    assert answer["Location"] == "/adherent/"
    assert not objects_in(objects_folder)


def test_limits_are_told_before_choosing(signed_in: Client, sentences: Text) -> None:
    page = signed_in.get("/adherent/documents/envoyer/")
    assert "PDF, JPEG, PNG, HEIC, WebP, TIFF, AVIF. 20 Mo par fichier, 20 fichiers." in sentences(page)
    html = page.content.decode()
    assert 'capture="environment"' in html
    assert "multiple" in html


@pytest.mark.parametrize("count", [22, 90, 91, 101, 250])
@pytest.mark.one_on_postgresql
def test_more_files_than_anybody_may_send_are_told_in_words_and_the_first_twenty_stay(
    member: Member, sentences: Text, count: int
) -> None:
    """A plain form sends whatever was chosen, whatever its number: also where the token is checked."""
    client = browser_of(member, enforce_csrf_checks=True)
    page = client.get("/adherent/documents/envoyer/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    small = picture("PNG", (8, 8))
    files = [upload(small, f"{number}.png") for number in range(1, count + 1)]
    fields = {"csrfmiddlewaretoken": token[1], "kind": "rib", "files": files}
    answer = client.post("/adherent/documents/envoyer/", fields)
    if count <= 90:
        receipt = sentences(client.get(answer["Location"]))
        assert f"{count - 20} fichiers n’ont pas été acceptés" in receipt
        assert Document.objects.count() == 20
        return
    assert answer.status_code == 200
    shown_sentences = sentences(answer)
    assert "Vous avez choisi beaucoup trop de fichiers à la fois" in shown_sentences
    assert "20 fichiers prêts à envoyer" in shown_sentences
    assert PendingFile.objects.count() == 20
    answer = send(client, order=waiting(), csrfmiddlewaretoken=token[1])
    assert "/accuses/" in answer["Location"]
