"""A few conversations of the demonstration, through the portal's own services: answered, waiting, followed, closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from adherents.accounts.models import Account
from adherents.demo.people import AGENTS, Persona
from adherents.demo.sample_documents import SampleDocument, Sender, file_of
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads as service
from adherents.vault.services.receiving import FormFiles, UploadBatch

ADVISER, SUPERVISOR = AGENTS[0].email, AGENTS[1].email


@dataclass(frozen=True)
class ScriptedMessage:
    """`author`: "member", "note", or an agent's address. `hours_ago`: when."""

    hours_ago: float
    author: str
    words: str
    closes: bool = False
    with_photo: bool = False


@dataclass(frozen=True)
class ScriptedThread:
    subject: str
    messages: tuple[ScriptedMessage, ...]


SCRIPTED_THREADS = (
    ScriptedThread(
        "Remboursement de ma couronne",
        (
            ScriptedMessage(
                70, "member", "Bonjour,\n\nMa facture dentaire est acceptée : quand serai-je remboursée ?"
            ),
            ScriptedMessage(66, "note", "Virement parti ce matin, vu avec la comptabilité."),
            ScriptedMessage(
                65, ADVISER, "Bonjour,\n\nLe virement est parti ce matin : comptez deux jours ouvrés."
            ),
        ),
    ),
    ScriptedThread(
        "Forfait optique",
        (ScriptedMessage(27, "member", "Mon nouveau devis est-il couvert ? Je le joins.", with_photo=True),),
    ),
    ScriptedThread(
        "Changement d’adresse",
        (
            ScriptedMessage(400, "member", "J’ai déménagé : faut-il vous envoyer un justificatif ?"),
            ScriptedMessage(
                390, SUPERVISOR, "Non, votre adresse est à jour. Bonne installation !", closes=True
            ),
        ),
    ),
    ScriptedThread(
        "Carte de tiers payant",
        (
            ScriptedMessage(120, "member", "Je n’ai pas reçu ma carte."),
            ScriptedMessage(118, ADVISER, "Elle est dans « Documents de votre mutuelle ». La voyez-vous ?"),
            ScriptedMessage(5, "member", "Non, rien du tout."),
        ),
    ),
)


def scripted_messages(
    people: list[Persona], now: datetime
) -> Iterator[tuple[datetime, Persona, ScriptedThread, ScriptedMessage]]:
    """The scripted messages with their moments: each member whose account is old enough has one thread, the first of them two."""
    able = [
        persona
        for persona in people
        if persona.opened is not None and persona.opened > 20 and persona.closed is None
    ]
    for number, script in enumerate(SCRIPTED_THREADS):
        persona = able[max(number - 1, 0) % len(able)]
        for message in script.messages:
            yield now - timedelta(hours=message.hours_ago), persona, script, message


def say(persona: Persona, script: ScriptedThread, message: ScriptedMessage) -> None:
    """Write one message, by its author, in the conversation of this subject."""
    member = Member.objects.select_related("account").get(number=persona.number)
    assert member.account is not None
    threads = Thread.objects.of(member)  # subjects are sealed: they are compared here
    thread = next((known for known in threads if known.subject == script.subject), None)
    if thread is None:
        service.open_thread(
            acting=on_own_file(member),
            author=member.account,
            subject=script.subject,
            body=message.words,
            files=_photo(persona) if message.with_photo else FormFiles(),
        )
    elif message.author == "member":
        service.read_by_member(acting=on_own_file(member), thread_id=thread.pk)
        service.write(
            acting=on_own_file(member), author=member.account, thread_id=thread.pk, body=message.words
        )
    elif message.author == "note":
        service.note(agent=_agent(ADVISER), thread_id=thread.pk, body=message.words)
    else:
        service.answer(
            agent=_agent(message.author),
            thread_id=thread.pk,
            body=message.words,
            after=Message.objects.of(thread).latest("pk").pk,
            then_close=message.closes,
        )


def _agent(address: str) -> Account:
    return Account.objects.get(identifier=address)


def _photo(persona: Persona) -> FormFiles:
    sample = SampleDocument("devis", "rib", 0, "")
    name, content = file_of(
        sample, Sender(persona.name, persona.number, persona.line.nir), timezone.localdate()
    )
    intake = UploadBatch()
    intake.begin(name).write(content)
    intake.end()
    return FormFiles(arrived=intake.take())
