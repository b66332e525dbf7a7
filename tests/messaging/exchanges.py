"""The steps by which a member and the service write to each other in the tests."""

from typing import Any

from adherents.accounts.models import Account
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads
from adherents.vault.models import Document
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.rendition import draw_due
from tests.vault.conftest import pdf

OWN = "/adherent/messages/"
DESK = "/gestion/messages/"
QUESTION = "Ma dent couronnée sera-t-elle remboursée ?"


def asked(member: Member, body: str = QUESTION, **options: Any) -> Thread:
    """The member opens a thread."""
    assert member.account
    return threads.open_thread(
        acting=on_own_file(member), author=member.account, subject="Couronne dentaire", body=body, **options
    )


def answered(thread: Thread, agent: Account, body: str = "Oui, à 80 %.", **options: Any) -> Thread:
    """An agent who has read everything answers."""
    return threads.answer(agent=agent, thread_id=thread.pk, body=body, after=last(thread), **options)


def last(thread: Thread) -> int:
    return Message.objects.of(thread).latest("pk").pk


def attached(member: Member, content: bytes | None = None, name: str = "devis.pdf") -> Document:
    """What came with a message of the member's, and is drawn."""
    intake = UploadBatch()
    intake.begin(name).write(content or pdf())
    intake.end()
    thread = asked(member, files=FormFiles(intake.take()))
    draw_due()
    document: Document = Document.objects.select_related("deposit", "member").get(
        attached_to__message__thread=thread
    )
    return document


def in_hand(*contents: bytes) -> FormFiles:
    """What arrived with an agent's form, `devis-1.pdf` and on: a PDF where no bytes are given."""
    intake = UploadBatch()
    for number, content in enumerate(contents or (pdf(),), start=1):
        intake.begin(f"devis-{number}.pdf").write(content)
        intake.end()
    return FormFiles(intake.take())
