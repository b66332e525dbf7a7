"""Several workers and several writers at one outbox, on a real PostgreSQL: each mail is written and sent once."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from adherents.mail.models import MailState, OutboxMail
from adherents.mail.services import post, send_due
from tests.at_once import at_once, kinds
from tests.cast import EVE

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def posted(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            context = {"identifier": str(number), "agent": False}
            post("accounts/password_set", to=f"a{number}@example.org", language="fr", context=context)


def test_four_workers_send_each_mail_once() -> None:
    posted(60)

    def worker() -> None:
        while send_due(limit=7):
            pass

    assert kinds(at_once([worker] * 4)) == {"NoneType": 4}
    assert sorted(message.to[0] for message in mail.outbox) == sorted(
        f"a{number}@example.org" for number in range(60)
    )
    assert set(OutboxMail.objects.values_list("state", "attempts")) == {(MailState.SENT, 1)}


def test_claiming_never_gives_a_row_to_two() -> None:
    posted(50)
    claimed = at_once([lambda: OutboxMail.objects.claim_due(9)] * 24)
    ids = [row.pk for rows in claimed for row in rows]  # type: ignore[attr-defined]
    # Two that looked at the same nine share them out: what none of the 24 got is there for the next one to ask.
    ids += [row.pk for row in OutboxMail.objects.claim_due(50)]
    assert len(ids) == len(set(ids)) == 50
    assert OutboxMail.objects.claim_due(50) == []


def test_a_lease_that_its_worker_left_goes_to_one_other() -> None:
    posted(5)
    assert len(OutboxMail.objects.claim_due(5, lease_seconds=300)) == 5
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        claimed = at_once([lambda: OutboxMail.objects.claim_due(5)] * 8)
    assert sum(len(rows) for rows in claimed) == 5  # type: ignore[arg-type,misc]


def test_one_dedupe_key_posts_one_mail_however_many_post_it() -> None:
    def once() -> None:
        with transaction.atomic():
            post("accounts/closed", to=EVE.email, language="fr", context={}, dedupe_key="one")

    assert kinds(at_once([once] * 12)) == {"NoneType": 12}
    assert OutboxMail.objects.count() == 1
