"""Messages that are written at once, and counted again meanwhile, on a real PostgreSQL: each is counted once."""

from functools import partial

import pytest
from django.db.models import Sum

from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import MessageDayTally, MessageTally, Thread
from adherents.messaging.services import threads
from adherents.messaging.services.tallying import rebuild
from tests.at_once import at_once
from tests.casework.queueing import adviser
from tests.messaging.exchanges import asked, last

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
SUMS = {"opened": Sum("opened"), "answered": Sum("answered")}


def test_first_answers_at_once_with_a_recount_between_them_count_one_for_each_conversation(
    member: Member,
) -> None:
    opened = [asked(member, f"Question {number}.") for number in range(12)]
    agents = [adviser(rank) for rank in range(3)]

    def answer(thread: Thread, rank: int) -> object:
        return threads.answer(
            agent=agents[rank], thread_id=thread.pk, body=f"Réponse {rank}.", after=last(thread)
        )

    acts: list = [partial(answer, thread, rank) for thread in opened for rank in range(3)]
    for place in range(0, len(acts), 9):
        acts.insert(place, lambda: list(rebuild()))
    at_once(acts)
    for tally in (MessageTally, MessageDayTally):
        assert tally.objects.aggregate(**SUMS) == {"opened": 12, "answered": 12}


def test_a_member_who_writes_from_two_windows_opens_one_conversation(member: Member) -> None:
    agent = adviser(1)
    for turn in range(8):
        thread = threads.start(agent=agent, member=member, subject=f"Sujet {turn}", body="Bonjour.")
        write = partial(threads.write, acting=on_own_file(member), author=member.account, thread_id=thread.pk)
        at_once([partial(write, body="Une question."), partial(write, body="Une autre.")])
    assert MessageTally.objects.aggregate(**SUMS) == {"opened": 8, "answered": 0}
