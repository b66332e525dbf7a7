"""A few conversations of the demonstration, through the portal's own services: answered, waiting, followed, closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from adherents.accounts.models import Account
from adherents.demo.people import AGENTS, Persona
from adherents.demo.sample_documents import Paper, Sender, file_of
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads as service
from adherents.vault.services.receiving import FormFiles, UploadBatch

ADVISER, SUPERVISOR = AGENTS[0].email, AGENTS[1].email


@dataclass(frozen=True)
class Said:
    """`who`: "member", "note", or an agent's address. `hours_ago`: when."""

    hours_ago: float
    who: str
    words: str
    closes: bool = False
    with_photo: bool = False


@dataclass(frozen=True)
class Talk:
    subject: str
    said: tuple[Said, ...]


TALKS = (
    Talk(
        "Remboursement de ma couronne",
        (
            Said(70, "member", "Bonjour,\n\nMa facture dentaire est acceptée : quand serai-je remboursée ?"),
            Said(66, "note", "Virement parti ce matin, vu avec la comptabilité."),
            Said(65, ADVISER, "Bonjour,\n\nLe virement est parti ce matin : comptez deux jours ouvrés."),
        ),
    ),
    Talk(
        "Forfait optique",
        (Said(27, "member", "Mon nouveau devis est-il couvert ? Je le joins.", with_photo=True),),
    ),
    Talk(
        "Changement d’adresse",
        (
            Said(400, "member", "J’ai déménagé : faut-il vous envoyer un justificatif ?"),
            Said(390, SUPERVISOR, "Non, votre adresse est à jour. Bonne installation !", closes=True),
        ),
    ),
    Talk(
        "Carte de tiers payant",
        (
            Said(120, "member", "Je n’ai pas reçu ma carte."),
            Said(118, ADVISER, "Elle est dans « Documents de votre mutuelle ». La voyez-vous ?"),
            Said(5, "member", "Non, rien du tout."),
        ),
    ),
)


def talks(people: list[Persona], now: datetime) -> Iterator[tuple[datetime, Persona, Talk, Said]]:
    """Each of those who have an account long enough has one, the first of them two."""
    able = [
        persona
        for persona in people
        if persona.opened is not None and persona.opened > 20 and persona.closed is None
    ]
    for number, talk in enumerate(TALKS):
        persona = able[max(number - 1, 0) % len(able)]
        for message in talk.said:
            yield now - timedelta(hours=message.hours_ago), persona, talk, message


def say(persona: Persona, talk: Talk, message: Said) -> None:
    """Write one message, by its author, in the conversation of this subject."""
    member = Member.objects.select_related("account").get(number=persona.number)
    assert member.account is not None
    threads = Thread.objects.of(member)  # subjects are sealed: they are compared here
    thread = next((known for known in threads if known.subject == talk.subject), None)
    if thread is None:
        service.open_thread(
            acting=on_own_file(member),
            author=member.account,
            subject=talk.subject,
            body=message.words,
            files=_photo(persona) if message.with_photo else FormFiles(),
        )
    elif message.who == "member":
        service.read_by_member(acting=on_own_file(member), thread_id=thread.pk)
        service.write(
            acting=on_own_file(member), author=member.account, thread_id=thread.pk, body=message.words
        )
    elif message.who == "note":
        service.note(agent=_agent(ADVISER), thread_id=thread.pk, body=message.words)
    else:
        service.answer(
            agent=_agent(message.who),
            thread_id=thread.pk,
            body=message.words,
            after=Message.objects.of(thread).latest("pk").pk,
            then_close=message.closes,
        )


def _agent(address: str) -> Account:
    return Account.objects.get(identifier=address)


def _photo(persona: Persona) -> FormFiles:
    paper = Paper("devis", "rib", 0, "")
    name, content = file_of(
        paper, Sender(persona.name, persona.number, persona.line.nir), timezone.localdate()
    )
    intake = UploadBatch()
    intake.begin(name).write(content)
    intake.end()
    return FormFiles(arrived=intake.take())
