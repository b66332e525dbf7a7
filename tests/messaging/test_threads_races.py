"""Two writers at once on one thread, on a real PostgreSQL: no message is passed over."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from adherents.accounts.models import Account
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads
from tests.messaging.exchanges import asked, last

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
AT_ONCE = 8


def together(acts: list[Callable[[], object]]) -> list[str]:
    """Each in a thread and a connection of its own, at the same moment; how each ended."""
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        ready.wait(20)
        try:
            act()
        except threads.MessageRefused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def agents(count: int) -> list[Account]:
    names = [f"agent{number}@mese.example" for number in range(count)]
    return [Account.objects.create(identifier=name, email=name, role="conseiller") for name in names]


@pytest.mark.parametrize("side", ["member", "reply", "agent", "note"])
def test_a_form_that_is_sent_eight_times_at_once_writes_once(member: Member, side: str) -> None:
    assert member.account
    [agent] = agents(1)
    own, account = on_own_file(member), member.account
    if side in {"reply", "note"}:
        thread = asked(member)
    acts: dict[str, Callable[[], object]] = {
        "member": lambda: asked(member),
        "reply": lambda: threads.write(acting=own, author=account, thread_id=thread.pk, body="Merci"),
        "agent": lambda: threads.start(agent=agent, member=member, subject="Votre devis", body="Bonjour"),
        "note": lambda: threads.note(agent=agent, thread_id=thread.pk, body="Rappeler lundi"),
    }
    assert together([acts[side]] * AT_ONCE) == ["done"] * AT_ONCE
    assert Thread.objects.count() == 1
    assert Message.objects.count() == (2 if side in {"reply", "note"} else 1)


def test_of_eight_agents_who_take_a_thread_one_has_it(member: Member) -> None:
    thread = asked(member)
    ended = together(
        [lambda agent=agent: threads.take(agent=agent, thread_id=thread.pk) for agent in agents(AT_ONCE)]  # type: ignore[misc]
    )
    assert sorted(ended) == sorted(["done"] + ["TakenAlready"] * (AT_ONCE - 1))


def test_of_eight_answers_to_one_message_one_leaves_and_one_mail(member: Member) -> None:
    thread = asked(member)
    seen = last(thread)
    ended = together(
        [
            lambda agent=agent: threads.answer(agent=agent, thread_id=thread.pk, body="Oui", after=seen)  # type: ignore[misc]
            for agent in agents(AT_ONCE)
        ]
    )
    assert sorted(ended) == sorted(["done"] + ["SomethingNew"] * (AT_ONCE - 1))
    assert Message.objects.filter(from_member=False).count() == 1
    assert OutboxMail.objects.filter(name="messaging/message_waits").count() == 1


def test_who_writes_while_an_agent_closes_is_never_left_behind_a_closed_door(member: Member) -> None:
    account, (agent,) = member.account, agents(1)
    assert account
    for _ in range(12):
        thread = asked(member)
        seen = last(thread)
        together(
            [
                lambda: threads.close(agent=agent, thread_id=thread.pk, after=seen),  # noqa: B023
                lambda: threads.write(
                    acting=on_own_file(member),
                    author=account,
                    thread_id=thread.pk,  # noqa: B023
                    body="Encore",
                ),
            ]
        )
        after = Thread.objects.get(pk=thread.pk)
        assert not after.is_closed
        assert after.waits_since
