"""What `feed` asks for inside its portal (`inside`)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from tests.agents import make_agent

from adherents.accounts.models import Account, Role
from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client
from adherents.feed.event_types import EventType
from adherents.feed.models import Announcement
from adherents.feed.services import announce
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message
from adherents.messaging.services.threads import open_thread
from adherents.webhooks.models import Endpoint
from adherents.webhooks.services import endpoints


def prepare(threads_each: int) -> dict[str, Any]:
    """Conversations of each member, and a client that reads the feed."""
    threads: dict[str, list[str]] = {}
    for member in Member.objects.exclude(account=None).select_related("account"):
        assert member.account is not None
        mine = [
            open_thread(
                acting=on_own_file(member), author=member.account, subject=f"Sujet {number}", body="Bonjour"
            )
            for number in range(threads_each)
        ]
        threads[member.number] = [str(thread.pk) for thread in mine]
    _client, key = create_client(name="coeur", scopes=[Scope.EVENTS_READ])
    return {"threads": threads, "key": key}


def call(port: int) -> dict[str, Any]:
    """A webhook to this port of this machine: its secret, and from where on it is called."""
    by = Account.objects.filter(role=Role.ADMINISTRATOR).first() or make_agent(Role.ADMINISTRATOR)
    made = endpoints.make(by=by, name=f"{port}", url=f"http://127.0.0.1:{port}/", types=[], reason="épreuve")
    return {"secret": made.secret, "position": made.position}


def announced(count: int) -> int:
    """Announce a number of events at once, in transactions of ten."""
    for number in range(0, count, 10):
        with transaction.atomic():
            for place in range(number, min(number + 10, count)):
                announce(EventType.DOCUMENT_CHECKED, subject=f"document:{place % 50}", place=place)
    return count


def release() -> int:
    """Free at once what a killed worker had in hand."""
    return Endpoint.objects.filter(leased_until__gt=timezone.now()).update(leased_until=timezone.now())


def hour() -> int:
    """An hour passes for the webhooks."""
    past = timedelta(hours=1)
    failing = Endpoint.objects.filter(failing_since__isnull=False)
    return failing.update(
        failing_since=F("failing_since") - past, next_attempt_at=F("next_attempt_at") - past
    )


def facts() -> dict[str, Any]:
    """Every message of a member, by its thread and in its order; every event of the feed, in its order."""
    messages = Message.objects.filter(from_member=True).order_by("pk").values_list("pk", "thread_id")
    events = Announcement.objects.order_by("position").values_list("uid", "position", "type")
    return {
        "messages": [(pk, str(thread)) for pk, thread in messages],
        "events": [(str(uid), position, kind) for uid, position, kind in events],
        "endpoints": list(Endpoint.objects.values("name", "state", "position", "attempts")),
    }


QUESTIONS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "call": call,
    "announced": announced,
    "release": release,
    "hour": hour,
    "facts": facts,
}
