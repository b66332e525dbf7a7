"""The one mail of a sending, on a real PostgreSQL: told once, at once when all is decided, and never of what was reopened."""

import json
from functools import partial

import pytest

from adherents.casework.models import Summary, SummaryLine
from adherents.casework.services import deciding, queue, reopening, telling
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from tests.at_once import at_once
from tests.casework.queueing import adviser, sent_together

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def test_the_last_two_decisions_of_a_sending_settled_at_once_make_one_mail_at_once(member: Member) -> None:
    """Whichever settles last sees the other: the mail does not wait for half an hour, and tells both."""
    for turn in range(10):
        items, agent = sent_together(member, "rib", "devis"), adviser(turn)
        queue.take(agent=agent, item=items[0])
        decisions = [deciding.accept(agent=agent, item=item) for item in items]
        at_once([*(partial(deciding.settle, decision) for decision in decisions), telling.tell_due])
        telling.tell_due()
        summaries = Summary.objects.filter(deposit=items[0].about.deposit_id)
        assert not summaries.open().exists()
        assert SummaryLine.objects.filter(summary__in=summaries).count() == 2
        assert OutboxMail.objects.count() == turn + 1


def test_a_summary_that_is_posted_while_the_last_decision_settles_loses_none(member: Member) -> None:
    for turn in range(10):
        items, agent = sent_together(member, "rib", "devis", "rib"), adviser(turn)
        queue.take(agent=agent, item=items[0])
        deciding.settle(deciding.accept(agent=agent, item=items[0]))
        [summary] = Summary.objects.open()
        last = [deciding.accept(agent=agent, item=item) for item in items[1:]]
        at_once([partial(telling.post, summary), *(partial(deciding.settle, decision) for decision in last)])
        lines = SummaryLine.objects.filter(summary__deposit=items[0].about.deposit_id)
        assert lines.count() == 3
        waiting_lines = lines.filter(summary__posted_at=None)
        told = [
            json.loads(mail.context)["lines"] for mail in OutboxMail.objects.order_by("created_at")[turn:]
        ]
        assert sum(map(len, told)) + waiting_lines.count() == 3
        Summary.objects.open().delete()


def test_a_decision_that_is_reopened_while_its_mail_is_posted_is_told_before_or_not_at_all(
    member: Member,
) -> None:
    for turn in range(10):
        items, agent = sent_together(member, "rib", "devis"), adviser(turn)
        queue.take(agent=agent, item=items[0])
        decision = deciding.accept(agent=agent, item=items[0])
        deciding.settle(decision)
        [summary] = Summary.objects.open()
        OutboxMail.objects.all().delete()
        at_once(
            [
                partial(telling.post, summary),
                partial(reopening.reopen, agent=agent, decision=decision, reason="Erreur."),
            ]
        )
        names = list(OutboxMail.objects.order_by("created_at").values_list("name", flat=True))
        assert names in (["casework/sending_decided", "casework/reopened"], ["casework/reopened"])
        Summary.objects.all().delete()
