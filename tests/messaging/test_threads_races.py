"""Two writers at once on one thread, on a real PostgreSQL: no message is passed over."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from adherents.accounts.models import Account
from adherents.mail.models import OutboxMail
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message, Thread
from adherents.messaging.services import threads
from adherents.messaging.services.answer_files import sending_of
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import Document
from adherents.vault.services.attaching import keep_for_answer, waiting_for_answer
from adherents.vault.services.receiving import FormFiles
from adherents.vault.services.rendition import draw_due
from tests.messaging.exchanges import asked, in_hand, last

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


def test_an_answer_with_files_that_is_sent_eight_times_at_once_leaves_once(member: Member) -> None:
    thread, [agent] = asked(member), agents(1)
    seen, arrived = last(thread), [in_hand() for _ in range(AT_ONCE)]
    ended = together(
        [
            lambda files=files: threads.answer(  # type: ignore[misc]
                agent=agent, thread_id=thread.pk, body="Voici", after=seen, files=files
            )
            for files in arrived
        ]
    )
    assert ended == ["done"] * AT_ONCE
    assert Message.objects.filter(from_member=False).count() == 1
    document = Document.objects.get()
    assert not UnclaimedObject.objects.exists(), "nothing is left of what came again"
    draw_due()
    document.refresh_from_db()
    assert document.checked_at


def test_a_file_that_is_kept_while_the_answer_leaves_is_in_one_of_them_and_never_lost(member: Member) -> None:
    """Two pages of one agent: one sends what waits, the other brings one more file."""
    [agent] = agents(1)
    for _ in range(6):
        thread = asked(member, body=str(uuid.uuid4()))
        kept: dict[str, Any] = {
            "agent": agent,
            "member": member,
            "sending_id": sending_of(agent, thread.reference),
        }
        keep_for_answer(**kept, arrived=in_hand().arrived, chosen=())
        [waits] = waiting_for_answer(**kept)
        seen = last(thread)
        ended = together(
            [
                lambda: threads.answer(
                    agent=agent,
                    thread_id=thread.pk,  # noqa: B023
                    body="Voici",
                    after=seen,  # noqa: B023
                    files=FormFiles(named=[waits.pk]),  # noqa: B023
                ),
                lambda: keep_for_answer(**kept, arrived=in_hand().arrived, chosen=[waits.pk]),  # noqa: B023
            ]
        )
        assert ended == ["done", "done"]
        attached = Document.objects.filter(attached_to__message__thread=thread)
        assert [document.pk for document in attached] == [waits.pk]
        assert len(waiting_for_answer(**kept)) in {0, 1}, (
            "kept after it, or deleted with it: the page did not tick it"
        )


def test_an_answer_while_a_colleague_closes_leaves_or_keeps_its_files(member: Member) -> None:
    first, second = agents(2)
    for _ in range(6):
        thread = asked(member, body=str(uuid.uuid4()))
        seen, files = last(thread), in_hand()
        ended = together(
            [
                lambda: threads.answer(
                    agent=first,
                    thread_id=thread.pk,  # noqa: B023
                    body="Voici",
                    after=seen,  # noqa: B023
                    files=files,  # noqa: B023
                ),
                lambda: threads.close(agent=second, thread_id=thread.pk, after=seen),  # noqa: B023
            ]
        )
        sent = Document.objects.filter(attached_to__message__thread=thread).count()
        assert ended in (["done", "SomethingNew"], ["ThreadClosed", "done"])
        assert sent == (1 if ended[0] == "done" else 0)


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
