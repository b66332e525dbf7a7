"""What `desk` asks for inside its portal (`inside`)."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from tests.agents import signed_in
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, KARIM, PASSWORD

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Outcome, Status
from adherents.casework.services.entering import put_right
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.services import broken_chains
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Deposit, Document, State

SENDERS = [CAMILLE, JEAN_FRANCOIS, EVE, KARIM]


def _cookies_of(client: Client, page: str) -> dict[str, str]:
    assert client.get(page).status_code == 200
    return {name: morsel.value for name, morsel in client.cookies.items()}


def prepare(agents: int, documents: int) -> dict[str, Any]:
    """Agents and members who are signed in, and documents whose checks are done, in the order of a month."""

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    now = timezone.now()
    members = list(Member.objects.exclude(account=None))
    kinds = [kind.code for kind in profile().documents.kinds]
    chance = random.Random(documents)
    deposits, papers = [], []
    for rank in range(documents):
        member, at = members[rank % len(members)], now - timedelta(days=30 * chance.random())
        deposits.append(Deposit(number=f"S-{rank:06d}", member=member, at=at))
        papers.append(
            Document(
                deposit=deposits[-1],
                member=member,
                at=at,
                kind=chance.choice(kinds),
                state=State.CHECKED,
                state_at=at,
                checked_at=at,
                page_count=1,
                next_attempt_at=None,
                name="document.pdf",
                content_type="application/pdf",
                size=1000,
                sha256="ab" * 32,
                wrapped_key=b"key",
                storage_name=f"stress-{rank}",
            )
        )
    Deposit.objects.bulk_create(deposits)
    Document.objects.bulk_create(papers)
    while put_right():
        pass
    people = [
        Account.objects.create(
            identifier=f"agent-{rank}@mese.example",
            email=f"agent-{rank}@mese.example",
            role=Role.ADVISER,
            display_name=f"Agent {rank}",
            password=make_password(PASSWORD),
            password_changed_at=now,
        )
        for rank in range(agents)
    ]
    senders = []
    for person in SENDERS:
        client = Client()
        client.post("/adherent/", {"identifier": person.number, "password": PASSWORD})
        assert client.session.get("_auth_user_id"), person
        senders.append(_cookies_of(client, "/adherent/documents/envoyer/"))
    return {"agents": [_cookies_of(signed_in(person), "/gestion/") for person in people], "members": senders}


def left() -> dict[str, int]:
    """What is still to do: of the checks, of the queue, of the decisions."""

    entering = Document.objects.filter(state__in=[State.RECEIVED, State.CHECKED, State.IN_PROGRESS]).count()
    waiting = Item.objects.exclude(status=Status.DONE).count()
    settling = Decision.objects.standing().filter(settled_at=None).count()
    return {"left": entering + waiting + settling, "entering": entering, "waiting": waiting}


def facts(agents: int) -> dict[str, Any]:
    """What came of it, and what does not hold, in words."""

    wrong = [f"the journal is broken: {chain}" for chain in broken_chains()]
    states = dict(Document.objects.values_list("pk", "state"))
    decisions = Counter[object]()
    settled = Decision.objects.filter(settled_at__isnull=False)
    for document, outcome in settled.values_list("item__document", "outcome"):
        decisions[document] += 1
        if states[document] != Outcome(outcome).value:
            wrong.append(f"{document} was decided {outcome} and is {states[document]}")
    wrong += [f"{document} was decided {count} times" for document, count in decisions.items() if count > 1]
    counts = Counter(
        Entry.objects.filter(
            event__in=[Event.DOCUMENT_ACCEPTED, Event.DOCUMENT_REFUSED, Event.CORRECTION_ASKED]
        ).values_list("subject", flat=True)
    )
    wrong += [f"{subject} was told {count} times" for subject, count in counts.items() if count > 1]
    done = Item.objects.filter(status=Status.DONE).count()
    mails = OutboxMail.objects.filter(dedupe_key__startswith="decision:").count()
    if not done == len(decisions) == len(counts) == mails:
        wrong.append(f"{done} done, {len(decisions)} decided, {len(counts)} in the journal, {mails} mails")
    furthest = _furthest_from_its_turn()
    # Before it in the queue and not taken yet there is at most what the others are taking and have set apart at that moment.
    if furthest > 2 * agents:
        wrong.append(f"one was taken {furthest} places before its turn")
    return {"wrong": wrong[:20], "done": done, "furthest": furthest}


def _furthest_from_its_turn() -> int:
    """Of what waited from the beginning: how many were before it and not taken yet, at most, when one was taken first."""

    waited = Item.objects.filter(document__deposit__number__startswith="S-").oldest_due_first()
    turn = {f"document:{pk}": rank for rank, pk in enumerate(waited.values_list("document", flat=True))}
    taken = Entry.objects.filter(event=Event.DOCUMENT_TAKEN).order_by("at", "pk")
    first = list(
        dict.fromkeys(subject for subject in taken.values_list("subject", flat=True) if subject in turn)
    )
    return max(turn[subject] - place for place, subject in enumerate(first))


QUESTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (prepare, left, facts)
}
