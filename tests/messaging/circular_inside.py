"""A process of its own that writes a circular (`write FILE`), sends what is due (`send`) or says what is there (`count`)."""

import json
import sys
import uuid
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from adherents.accounts.models import Role  # noqa: E402
from adherents.accounts.services.register import ensure_account  # noqa: E402
from adherents.mail.models import OutboxMail  # noqa: E402
from adherents.members.models import Member  # noqa: E402
from adherents.members.nir import key_of  # noqa: E402
from adherents.messaging.models import Circular, CircularCopy, Message, Thread  # noqa: E402
from adherents.messaging.services import circulars  # noqa: E402
from tests.agents import make_agent  # noqa: E402

MEMBERS = 90


def tables() -> None:
    call_command("migrate", verbosity=0)


def write() -> None:
    numbers = [f"8{rank:07d}" for rank in range(MEMBERS)]
    with transaction.atomic():
        for rank, number in enumerate(numbers):
            account = ensure_account(
                identifier=number,
                email=f"m{rank}@example.org",
                birth_date="1950-01-01",
                language="fr",
                display_name="Zoé Durand",
            )
            member = Member(
                number=number,
                birth_name="Durand",
                first_names="Zoé",
                birth_date="1950-01-01",
                birth_department="38",
                email=f"m{rank}@example.org",
                account=account,
            )
            nir13 = f"2500138185{rank + 1:03d}"
            member.set_nir(f"{nir13}{key_of(nir13):02d}")
            member.set_search_keys()
            member.save()
    circulars.write_circular(
        agent=make_agent(Role.SUPERVISOR),
        key=uuid.uuid4(),
        subject="Objet",
        body="Bonjour",
        numbers=numbers,
        confirmed=MEMBERS,
    )
    Circular.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def send() -> None:
    circulars.send_due()


def let_go() -> None:
    """The lease of the one that was killed is over."""
    Circular.objects.filter(leased_until__isnull=False).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )


def count() -> None:
    said = {
        "threads": Thread.objects.count(),
        "members": Thread.objects.values("member").distinct().count(),
        "messages": Message.objects.count(),
        "mails": OutboxMail.objects.filter(name="messaging/message_waits").count(),
        "sent": CircularCopy.objects.sent().filter(thread__isnull=False).count(),
        "ended": Circular.objects.filter(ended_at__isnull=False, next_attempt_at=None).count(),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
