"""A look into an installation, from a process with its settings: `python -m tests.backup.inside fill backup=/some/folder`.

Each question is a function of this module, with its argument; the last line of what it prints is the answers, as JSON.
"""

import hashlib
import json
import os
import signal
import sys
from datetime import timedelta
from io import StringIO
from typing import Any

import django

PASSPHRASE = "tulipe-Bleue-42"


def fill(documents: str = "3") -> dict[str, Any]:
    """A portal in use: a member with documents, a message and a session, an administrateur, a link, a letter, a mail."""
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client
    from django.utils import timezone

    from adherents.accounts.models import Purpose, Role
    from adherents.accounts.services.access_link import make_link
    from adherents.accounts.services.letter import new_code, put_in_letter
    from adherents.feed.services import give_positions
    from adherents.mail.services import post
    from adherents.members.acting import on_own_file
    from adherents.members.models import Member
    from adherents.messaging.services.threads import open_thread
    from adherents.vault.services.receiving import FormFiles
    from adherents.vault.services.rendition import draw_due
    from tests.agents import add_totp, make_agent
    from tests.cast import CAMILLE, EVE
    from tests.factories import add_to_register, open_account
    from tests.vault.conftest import deposited, pdf

    call_command("migrate", verbosity=0)
    account = open_account(CAMILLE, password=PASSPHRASE)
    add_to_register(EVE)
    member = Member.objects.get(account=account)
    kept = [deposited(member, pdf(1, words=f"Relevé {number}")) for number in range(int(documents))]
    draw_due()
    give_positions()
    agent = make_agent(Role.ADMINISTRATOR)
    secret = add_totp(agent)
    with transaction.atomic():
        open_thread(
            acting=on_own_file(member),
            author=account,
            subject="Lunettes",
            body="Sont-elles remboursées ?",
            files=FormFiles(),
        )
    code = new_code()
    with transaction.atomic():
        token = make_link(account=account, purpose=Purpose.RESET, validity=timedelta(hours=2))
        put_in_letter(
            account=account,
            code=code,
            expires_at=timezone.now() + timedelta(days=30),
            actor=agent.actor,
            reason="Sans mail",
        )
        post("accounts/locked", to=CAMILLE.email, language="fr", context={"date": "1", "time": "2"})
        post("accounts/reset_link", to=CAMILLE.email, language="fr", context={"link": "https://x/" + token})
    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(account)
    return {
        "documents": {str(document.pk): document.sha256 for document in kept},
        "number": kept[-1].deposit.number,
        "token": token,
        "code": code,
        "agent": agent.identifier,
        "secret": secret,
        "session": browser.cookies["session"].value,
    }


def many(count: str) -> int:
    """As many entries of the journal, in chains of a hundred, and members: rows only."""
    from django.utils import timezone

    from adherents.journal.models import Entry, Head
    from adherents.members.models import Member

    now, at_once = timezone.now(), 100
    for first in range(0, int(count), 100 * at_once):
        heads, entries = [], []
        for chain in range(first // at_once, min(first + 100 * at_once, int(count)) // at_once):
            digest = ""
            for sequence in range(1, at_once + 1):
                entry = Entry(
                    subject=f"many:{chain}",
                    sequence=sequence,
                    at=now,
                    event="account.signed_in",
                    actor="system",
                )
                digest = entry.digest = entry.computed_digest(digest)
                entries.append(entry)
            heads.append(Head(subject=f"many:{chain}", sequence=at_once, digest=digest))
        Entry.objects.bulk_create(entries, batch_size=1000)
        Head.objects.bulk_create(heads)
        Member.objects.bulk_create(
            [Member(number=f"M{first + n}", birth_name="MARTIN", first_names="Lou") for n in range(at_once)],
            batch_size=500,
        )
    return Entry.objects.count()


def write_meanwhile(seconds: str) -> int:
    """Deposits, one after the other, each told by a line: the portal goes on serving."""
    import time

    ends, made = time.monotonic() + float(seconds), 0
    while time.monotonic() < ends:
        sys.stdout.write(deposit()["number"] + "\n")
        sys.stdout.flush()
        made += 1
    return made


def memory() -> int:
    """The most that this process had, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rows() -> dict[str, Any]:
    """For each table how many rows it has, and a digest of what a restore leaves as it is."""
    from django.apps import apps

    from adherents.backup.tables import columns_of, saved_models, stored_rows

    changed = {
        "accounts.accesslink",
        "mail.outboxmail",
        "vault.receiptcounter",
        "journal.entry",
        "journal.head",
    }
    left_out = changed | {"work.hold", "backup.restoration", "django.migrations"}
    facts = {}
    for model in saved_models(apps):
        label = model._meta.label_lower
        digest, count = hashlib.sha256(repr(columns_of(model)).encode()), 0
        for row in stored_rows(model, "default"):
            cells = tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
            digest.update(repr(cells).encode())
            count += 1
        facts[label] = [count, digest.hexdigest() if label not in left_out else ""]
    return facts


def whole() -> dict[str, str]:
    """Every document read to its last byte: its id, and the SHA-256 of what was read."""
    from adherents.storage.reading import clear_bytes
    from adherents.vault.models import Document

    return {
        str(document.pk): hashlib.sha256(b"".join(clear_bytes(document))).hexdigest()
        for document in Document.objects.exclude(wrapped_key=b"")
    }


def deposit() -> dict[str, Any]:
    """One more document of the member."""
    from adherents.journal.models import Entry
    from adherents.members.models import Member
    from tests.cast import CAMILLE
    from tests.vault.conftest import deposited, pdf

    made = deposited(Member.objects.get(number=CAMILLE.number), pdf(1, words="Facture"))
    return {
        "number": made.deposit.number,
        "deposit": made.deposit_id,
        "id": str(made.pk),
        "object": made.storage_name,
        "entry": Entry.objects.latest("pk").pk,
    }


def take_back_first() -> str:
    """The member takes the first document back."""
    from adherents.members.acting import on_own_file
    from adherents.members.models import Member
    from adherents.vault.models import Document
    from adherents.vault.services.erasing import take_back
    from tests.cast import CAMILLE

    document = Document.objects.exclude(wrapped_key=b"").order_by("at", "pk")[0]
    take_back(acting=on_own_file(Member.objects.get(number=CAMILLE.number)), document_id=document.pk)
    return str(document.pk)


def erased() -> list[str]:
    from adherents.vault.models import Document

    return [f"{document.pk} {document.state}" for document in Document.objects.filter(wrapped_key=b"")]


def unowned() -> list[str]:
    from adherents.vault.services.verification import unowned_objects

    return list(unowned_objects())


def standing() -> dict[str, Any]:
    """What opens, what waits and what is held."""
    from adherents.accounts.models import AccessLink, Session
    from adherents.mail.models import OutboxMail
    from adherents.work.models import Hold

    return {
        "sessions": Session.objects.count(),
        "live": AccessLink.objects.live().count(),
        "held": sorted(Hold.objects.values_list("work", flat=True)),
        "waiting": sorted(OutboxMail.objects.filter(state="waiting").values_list("name", flat=True)),
        "insurer": _insurer(),
        "feed": _is_gone(),
    }


def _is_gone() -> bool:
    """Whether the feed refuses what the lost portal had announced after its backup."""
    from adherents.feed.cursors import Cursor
    from adherents.feed.models import Epoch
    from adherents.feed.services import PositionGone, last_position, read

    former = Epoch.objects.order_by("number")[0]
    try:
        read(after=str(Cursor(former.token, last_position() + 1)))
    except PositionGone as gone:
        return Epoch.objects.count() == 2 and read(after=str(gone.start)).next.epoch != former.token
    return False


def _insurer() -> str:
    from adherents.insurer.profile import profile

    return profile().insurer.short_name


def sign_in() -> dict[str, Any]:
    """The member's number and password at the door: where it leads."""
    from django.test import Client

    from adherents.vault.models import Document
    from tests.cast import CAMILLE

    browser = Client(headers={"host": "127.0.0.1"})
    answer = browser.post("/adherent/", {"identifier": CAMILLE.number, "password": PASSPHRASE})
    taken = browser.get(f"/adherent/documents/{Document.objects.exclude(wrapped_key=b'')[0].pk}/telecharger/")
    return {
        "status": answer.status_code,
        "leads_to": answer.headers["Location"],
        "download": hashlib.sha256(taken.getvalue()).hexdigest(),
    }


def opens(given: str) -> dict[str, bool]:
    """Whether what the former portal gave still opens something: a session, a link, a letter's code."""
    from django.test import Client

    from adherents.accounts.models import AccessLink

    session, token, code = given.split(",")
    browser = Client(headers={"host": "127.0.0.1"})
    browser.cookies["session"] = session
    return {
        "session": browser.get("/adherent/documents/").status_code == 200,
        "link": AccessLink.objects.opened_by(token) is not None,
        "code": AccessLink.objects.opened_by_code(code) is not None,
    }


def agent_signs_in(secret: str) -> str:
    """The administrateur's password and code: where it leads."""
    from django.test import Client

    from adherents.accounts.models import Account
    from tests.agents import STEP, code_of, enter

    browser = Client(headers={"host": "127.0.0.1"})
    enter(browser, Account.objects.get(role="administrateur"), PASSPHRASE)
    return browser.post(STEP, {"code": code_of(secret)}).headers.get("Location", "")


def backup(given: str) -> str:
    """`adherents backup`, with its options after commas; `killed:STEP` in them kills this process at that step."""
    return _command("backup", given)


def backup_before_urgent(given: str) -> str:
    """As `backup`, of the version before `OutboxMail.urgent`: its tables, and a process that knows no such column."""
    from django.core.management import call_command

    from adherents.mail.models import OutboxMail

    call_command("migrate", "mail", "0004", verbosity=0)
    options = OutboxMail._meta
    options.local_fields.remove(options.get_field("urgent"))  # type: ignore[arg-type]
    options._expire_cache()  # type: ignore[attr-defined]
    return _command("backup", given)


def urgent() -> dict[str, bool]:
    """Each kind of mail, and whether it leaves before the others."""
    from adherents.mail.models import OutboxMail

    return dict(OutboxMail.objects.values_list("name", "urgent"))


def restore(given: str) -> str:
    return _command("restore", given)


def export_all(given: str) -> str:
    return _command("export_all", given)


def _command(name: str, given: str) -> str:
    """What the command says and how it ends."""
    from django.core.management import CommandError, call_command

    from adherents.backup.management.commands import backup as saving
    from adherents.backup.management.commands import export_all as leaving
    from adherents.backup.management.commands import restore as restoring

    arguments = given.split(",")
    out, said = StringIO(), StringIO()
    if arguments[-1].startswith("killed:"):
        said = _Deadly(arguments.pop().removeprefix("killed:"))
    module = {"backup": saving, "restore": restoring, "export_all": leaving}[name]
    try:
        call_command(module.Command(), *arguments, stdout=out, stderr=said)
    except CommandError as error:
        return f"{out.getvalue()}refused {error.returncode}: {error}"
    return out.getvalue()


class _Deadly(StringIO):
    """Kills its process at once when a step is told: no `finally` runs, no buffer is written."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self._step = step

    def write(self, text: str, /) -> int:
        if self._step in text:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(text)


def main() -> None:
    django.setup()
    answers = {}
    for asked in sys.argv[1:]:
        name, given, argument = asked.partition("=")
        answers[name] = globals()[name](argument) if given else globals()[name]()
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
