"""Last year's life of fifty invented members, played again through the portal's own services, each step at its hour.

The clock is moved (time-machine), so that the journal, the mails and the receipts bear the dates that they would have had.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zlib import crc32

import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import call_command
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from adherents.accounts.allauth_internals import add_totp, new_totp_secret
from adherents.accounts.client import Client
from adherents.accounts.models import Account
from adherents.accounts.second_factor.sealing import open_secret, secrets_of
from adherents.accounts.services import closing, lock, passwords, sign_in
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue
from adherents.casework.services.deciding import settle_due
from adherents.casework.services.entering import enter_lately
from adherents.demo.conversations import say, scripted_messages
from adherents.demo.people import AGENTS, PASSWORD, Agent, Files, Persona
from adherents.demo.sample_documents import SampleDocument, Sender, file_of
from adherents.desk.services import consulting
from adherents.insurer.calendar import add_working_days
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Use
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.mail.services import send_due
from adherents.members.acting import on_own_file
from adherents.members.models import Beneficiary, Member
from adherents.members.services.accounts import attach_account
from adherents.members.services.addresses import record_bounce
from adherents.members.services.import_files import import_files
from adherents.vault.models import Document, State
from adherents.vault.services.deposit import Form
from adherents.vault.services.preparing import keep_waiting
from adherents.vault.services.receiving import Arrived, FormFiles, UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.sending import send

BEGAN = timedelta(days=400)
PLAIN = "rib"
DRAWING_TRIES = 10
STRANGER = Client(address="192.0.2.17", browser="Firefox, Windows")


@dataclass(frozen=True)
class Step:
    """Something that happened at `at`."""

    at: datetime
    act: Callable[[], object]


def seed(files: Files) -> None:
    """Fill an empty database. Not in one transaction: the caller keeps a mark until it is done."""
    call_command("migrate", verbosity=0, interactive=False)
    now = timezone.now()
    # One real hash for all: fifty would take a second and prove nothing more.
    encoded = make_password(PASSWORD)
    files.write()
    with (
        time_machine.travel(now - BEGAN) as clock,
        override_settings(EMAIL_BACKEND="adherents.demo.mailbox.FolderBackend"),
    ):
        _seed_agents(encoded)
        import_files(members=files.members, beneficiaries=files.beneficiaries, apply=True)
        for step in sorted(_steps(files.people, encoded, now), key=lambda step: step.at):
            clock.move_to(step.at)
            step.act()
            send_due()


def _seed_agents(encoded: str) -> None:
    for agent in AGENTS:
        with transaction.atomic():
            _seed_agent(agent, encoded)


def _seed_agent(agent: Agent, encoded: str) -> None:
    """What an invitation, its link and the two pages behind it would have left."""
    account = Account.objects.create(
        identifier=agent.email,
        email=agent.email,
        role=agent.role,
        display_name=agent.name,
        password=make_password(None),
    )
    record(Event.AGENT_INVITED, subject=account.subject, role=agent.role)
    passwords.store(account=account, encoded=encoded, checked_against=account.password)
    # Agents' passwords end too (G4): these were renewed lately.
    Account.objects.filter(pk=account.pk).update(
        password_changed_at=timezone.now() + BEGAN - timedelta(days=20)
    )
    with secrets_of(account):
        add_totp(account, new_totp_secret())
    record(Event.SECOND_FACTOR_ADDED, subject=account.subject, actor=account.subject, kind="totp")


def _steps(people: list[Persona], encoded: str, now: datetime) -> Iterator[Step]:
    for persona in people:
        if persona.opened is not None:
            yield from _life(persona, persona.opened, encoded, now)
        if persona.refused is not None:
            yield _refusal(persona, persona.refused, now)
    for at, persona, script, message in scripted_messages(people, now):
        yield Step(at, partial(say, persona, script, message))


def _refusal(persona: Persona, days: int, now: datetime) -> Step:
    return Step(_hour("server", days, now), lambda: record_bounce(address=persona.line.email))


def _life(persona: Persona, opened: int, encoded: str, now: datetime) -> Iterator[Step]:
    member = Member.objects.get(number=persona.number)
    yield Step(
        _hour(persona.number, opened, now) - timedelta(minutes=20), lambda: _set_password(member, encoded)
    )
    if persona.renewed is not None:
        renewed = _hour(persona.number, persona.renewed, now) - timedelta(minutes=20)
        yield Step(renewed, lambda: _renew(persona.number))
    browser = Browser(persona.number)
    for days in persona.signed_in:
        yield Step(_hour(persona.number, days, now) - timedelta(minutes=8), browser.sign_in)
    for sample in persona.samples:
        yield from _sent(persona, sample, now)
    if persona.left_unsent:
        yield Step(now - timedelta(hours=3), lambda: _leave_unsent(persona))
    if persona.wrong is not None:
        yield Step(now - persona.wrong, lambda: _type_wrong_passwords(persona.number))
    if persona.closed is not None:
        account = Account.objects.filter(identifier=persona.number)
        yield Step(
            _hour("service", persona.closed, now),
            lambda: closing.close(account=account.get(), actor="system", reason="Contrat terminé."),
        )


def _hour(whose: str, days_ago: float, now: datetime) -> datetime:
    """The moment this many days before `now`, at an hour that is fixed for each person and day. Less than a day: just then."""
    at = timezone.localtime(now) - timedelta(days=days_ago)
    if days_ago < 1:
        return at
    minutes = crc32(f"{whose} {days_ago}".encode()) % (11 * 60)
    return at.replace(hour=8 + minutes // 60, minute=minutes % 60)


def _treated_at(sample: SampleDocument, sent_at: datetime, now: datetime) -> datetime:
    """Two working days later, in office hours; what came too lately for that, halfway between then and now."""
    day = add_working_days(timezone.localdate(sent_at), 2)
    minutes = crc32(f"{sample} {sent_at}".encode()) % (8 * 60)
    at = timezone.make_aware(datetime.combine(day, datetime.min.time())) + timedelta(hours=9, minutes=minutes)
    return at if at < now else sent_at + (now - sent_at) / 2


def _set_password(member: Member, encoded: str) -> None:
    """What a link and the page behind it leave."""
    with transaction.atomic():
        account = attach_account(member=member)
        passwords.store(account=account, encoded=encoded, checked_against=account.password)
        record(Event.PASSWORD_SET, subject=account.subject, actor=account.subject)


def _renew(number: str) -> None:
    """The password was changed in time; it stays the one that everybody here has."""
    with transaction.atomic():
        account = Account.objects.get(identifier=number)
        Account.objects.filter(pk=account.pk).update(password_changed_at=timezone.now())
        record(Event.PASSWORD_CHANGED, subject=account.subject, actor=account.subject)


@dataclass
class Browser:
    """A member's own browser: it keeps the device cookie, so that only its first visit is a new one."""

    number: str
    tokens: tuple[str, ...] = ()

    def sign_in(self) -> None:
        account = Account.objects.get(identifier=self.number)
        client = Client(address="192.0.2.41", browser="Firefox, Android", device_tokens=self.tokens)
        token = sign_in.complete(account=account, client=client, method="password")
        self.tokens = (token,) if token else self.tokens


def _type_wrong_passwords(number: str) -> None:
    account = Account.objects.get(identifier=number)
    with suppress(lock.Locked):
        while True:
            lock.fail(lock.take_try(number, lock.device_of(account, STRANGER)), account)


def _sent(persona: Persona, sample: SampleDocument, now: datetime) -> Iterator[Step]:
    """Sent, drawn a minute later, and what an agent then made of it."""
    sent: list[Document] = []
    at = _hour(persona.number, sample.days_ago, now)
    yield Step(at, lambda: sent.append(_send(persona, sample)))
    if sample.state == "altered":
        yield Step(at + timedelta(seconds=5), lambda: _alter(sent[0]))
    elif sample.state == "received":
        yield Step(at + timedelta(seconds=5), lambda: _hold_back(sent[0]))
    elif sample.state:
        yield Step(at + timedelta(minutes=1), lambda: _draw(sent[0]))
        yield Step(at + timedelta(minutes=1, seconds=5), enter_lately)
        if sample.state == State.IN_PROGRESS:
            yield Step(now - timedelta(minutes=1), lambda: _take(sent[0]))
        elif sample.state != State.CHECKED:
            treated_at = _treated_at(sample, at, now)
            yield Step(treated_at, lambda: _decide(sent[0], State(sample.state)))
            yield Step(treated_at + timedelta(seconds=profile().casework.undo_seconds + 1), settle_due)


def _draw(document: Document) -> None:
    """Until it is drawn: a busy machine may need several tries, and what was too long goes behind the others."""
    waiting = Document.objects.filter(pk=document.pk, state=State.RECEIVED, set_aside="")
    for _ in range(DRAWING_TRIES):
        draw_due()
        draw_due(slow=True)
        if not waiting.exists():
            return
        waiting.update(next_attempt_at=timezone.now(), attempts=0)
    raise RuntimeError("a document of the demonstration could not be drawn")


def _send(persona: Persona, sample: SampleDocument) -> Document:
    member = Member.objects.get(number=persona.number)
    beneficiary = Beneficiary.objects.of(member).filter(rank=sample.rank).first()
    person = beneficiary or member
    sender, today = Sender(person.name, persona.number, person.nir), timezone.localdate()
    arrived = _arrived(*file_of(sample, sender, today))
    if not arrived:  # this insurer takes no such file
        arrived = _arrived(*file_of(replace(sample, drawn_as=PLAIN), sender, today))
    form = Form(kind=_kind(sample.kind), beneficiary=beneficiary, note=sample.note)
    made = send(acting=on_own_file(member), sending_id=uuid.uuid4(), form=form, files=FormFiles(arrived))
    return made.documents.get()


def _arrived(name: str, content: bytes) -> list[Arrived]:
    intake = UploadBatch()
    intake.begin(name).write(content)
    intake.end()
    return intake.take()


def _kind(wanted: str) -> str:
    """A kind that the profile has: the same, the family's (« facture »), or the last one (« autre »)."""
    codes = [kind.code for kind in profile().documents.kinds]
    return next((code for code in (wanted, wanted.partition("_")[0]) if code in codes), codes[-1])


def _leave_unsent(persona: Persona) -> None:
    """A file that arrived and was not sent: the home page says so."""
    sample = SampleDocument("ordonnance", "ordonnance", 0, "")
    name, content = file_of(
        sample, Sender(persona.name, persona.number, persona.line.nir), timezone.localdate()
    )
    keep_waiting(
        member=Member.objects.get(number=persona.number),
        sending_id=uuid.uuid4(),
        arrived=_arrived(name, content),
        form=Form(kind=_kind("ordonnance")),
    )


def _take(document: Document) -> Item:
    """An agent has it on the screen; each agent has some."""
    advisers = [Account.objects.get(identifier=agent.email) for agent in AGENTS[:2]]
    adviser = advisers[document.member_id % 2]
    consulting.consult(agent=adviser, member=document.member)
    consulting.open_document(agent=adviser, document=document)
    return queue.take(agent=adviser, item=Item.objects.get(document=document))


def _decide(document: Document, state: State) -> None:
    item = _take(document)
    agent = item.agent
    assert agent is not None
    if state == State.ACCEPTED:
        deciding.accept(agent=agent, item=item)
    elif state == State.REFUSED:
        deciding.refuse(agent=agent, item=item, **_why(item, "refuse"))
    else:
        until = timezone.localdate() + timedelta(days=profile().casework.correction_days)
        deciding.ask_correction(agent=agent, item=item, until=until, **_why(item, "correct"))


def _why(item: Item, use: Use) -> dict[str, str]:
    """The profile's first reason for this kind, as it is."""
    reason = deciding.reasons_for(item, use)[0]
    return {"reason": reason.code, "words_fr": reason.words.fr, "words_en": reason.words.en}


def _hold_back(document: Document) -> None:
    """Stays « Reçu »: the worker comes to it a day from now."""
    Document.objects.filter(pk=document.pk).update(next_attempt_at=timezone.now() + timedelta(days=1))


def _alter(document: Document) -> None:
    """One byte of the sealed object changes on the disk, as a failing disk or a hand would. The worker finds it out."""
    storage = storages["documents"]
    assert isinstance(storage, FileSystemStorage)
    path = Path(storage.path(document.storage_name))
    sealed = bytearray(path.read_bytes())
    sealed[len(sealed) // 2] ^= 0xFF
    path.write_bytes(sealed)


def codes() -> list[tuple[Agent, str]]:
    """Each agent of the demonstration and the secret of the second factor, in base32; "" where it was taken away."""
    factors = Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user")
    secrets_of = {
        factor.user.identifier: open_secret(factor.data["secret"], account_id=factor.user_id)
        for factor in factors
    }
    return [(agent, secrets_of.get(agent.email, "")) for agent in AGENTS]
