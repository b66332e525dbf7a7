"""Files that come with a message: they are kept as documents, and nobody has to decide them."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from adherents.members.models import Member
from adherents.messaging.models import Attachment, Thread
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin
from adherents.vault.services.exporting import export_everything
from adherents.work.services import run_until_nothing_is_left
from tests.conftest import Mail
from tests.messaging.exchanges import DESK, OWN
from tests.vault.conftest import pdf, upload
from tests.vault.hostile import broken_table

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]


def test_what_comes_with_a_message_is_kept_as_a_document_and_nobody_has_to_decide_it(
    at_home: Client, desk: Client, member: Member, words: Words, mails: Callable[[], list[Mail]]
) -> None:
    data = {"subject": "Devis", "body": "Le voici", "files": [upload(pdf(2), "devis.pdf")]}
    sent = at_home.post(f"{OWN}nouveau/", data, follow=True)
    assert "devis.pdf" in words(sent)
    assert mails() == [], "the thread says that it arrived"
    document = Document.objects.get()
    assert (document.origin, document.state, document.page_count) == (Origin.MESSAGE, State.CHECKED, 2)
    assert document.pages.count() == 2
    assert "Rien n’attend" in words(desk.get("/gestion/")), "not among what is to decide"
    thread = desk.get(f"{DESK}{Thread.objects.get().pk}/")
    assert f"/gestion/documents/{document.pk}/" in thread.text
    assert "telecharger" not in thread.text
    assert desk.get(f"/gestion/documents/{document.pk}/pages/1/image/").status_code == 200
    assert b"".join(at_home.get(f"/adherent/documents/{document.pk}/telecharger/")) == pdf(2)  # type: ignore[arg-type]
    assert "vous répond dans" in words(at_home.get(f"/adherent/documents/accuses/{document.deposit.number}/"))
    page = words(at_home.get(f"/adherent/documents/{document.pk}/"))
    assert "Pièce jointe" in page
    assert "Réponse" not in page
    assert "devis.pdf" not in words(at_home.get("/adherent/documents/"))
    zipped = zipfile.ZipFile(
        io.BytesIO(b"".join(export_everything(member=member, actor=member.subject).chunks))
    )
    assert any(name.startswith("Mes messages/") for name in zipped.namelist())
    call_command("verify_vault", pace=0)


def test_a_message_whose_file_is_refused_does_not_leave_and_what_arrived_waits_for_it(
    at_home: Client, member: Member, words: Words
) -> None:
    data = {"subject": "Devis", "body": "Le voici"}
    files = [upload(pdf(), "devis.pdf"), upload(b"#!/bin/sh", "virus.sh")]
    refused = at_home.post(f"{OWN}nouveau/", data | {"files": files})
    assert "virus.sh" in words(refused)
    assert "devis.pdf" in words(refused)
    assert not Thread.objects.exists()
    waiting = member.pending_files.get().pk
    gone = at_home.post(f"{OWN}nouveau/", data | {"waiting": ["00000000-0000-4000-8000-000000000000"]})
    assert "n’est plus là" in words(gone)
    at_home.post(f"{OWN}nouveau/", data | {"waiting": [str(waiting)]})
    assert Attachment.objects.get().document.name == "devis.pdf"
    assert not member.pending_files.exists()


def test_files_of_a_message_that_was_left_unfinished_hold_no_other_one_back(
    at_home: Client, member: Member, words: Words
) -> None:
    left = [upload(pdf(number), f"{number}.pdf") for number in range(1, 21)]
    at_home.post(f"{OWN}nouveau/", {"subject": "", "body": "Bonjour", "files": left})
    assert member.pending_files.count() == 20
    at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(pdf(30))]})
    assert Attachment.objects.count() == 1
    named = [str(file.pk) for file in member.pending_files.all()]
    body = {"subject": "Encore", "body": "Tout", "waiting": named, "files": [upload(pdf(31))]}
    assert "20 fichiers au plus par message" in words(at_home.post(f"{OWN}nouveau/", body))
    assert Thread.objects.count() == 1


def test_the_same_words_with_another_file_or_without_it_are_a_message_of_their_own(
    at_home: Client, member: Member
) -> None:
    for files in ([upload(pdf(), "devis.pdf")], [upload(pdf(2), "devis.pdf")], []):
        at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": files})
    assert Thread.objects.count() == 3
    assert Attachment.objects.count() == 2


def test_a_file_that_waits_on_the_send_page_does_not_leave_with_a_message(
    at_home: Client, member: Member
) -> None:
    at_home.post("/adherent/documents/envoyer/", {"kind": "rien", "files": [upload(pdf())]})
    at_home.post(f"{OWN}nouveau/", {"subject": "Devis", "body": "Bonjour"})
    assert Thread.objects.exists()
    assert member.pending_files.count() == 1
    assert not Document.objects.exists()


def test_what_waits_for_the_purge_of_documents_is_no_attachment(member: Member, at_home: Client) -> None:
    at_home.post(
        f"{OWN}nouveau/", {"subject": "Devis", "body": "Le voici", "files": [upload(broken_table())]}
    )
    run_until_nothing_is_left()
    assert Document.objects.get().set_aside
    with time_machine.travel(timezone.now() + timedelta(days=366 * 30)):
        call_command("purge", apply=True)
    assert Document.objects.get().erased_at is None
