"""What two people do at once to the agents' accounts, on a real PostgreSQL."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, FactorRequest
from adherents.accounts.services import agents, new_factor
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from tests.agents import STEP, add_totp, code_of, enter, make_agent
from tests.at_once import at_once, kinds

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def two_factor_answers(turn: int) -> list[Callable[[], object]]:
    agent = Account.objects.create(
        identifier=f"perdu.{turn}@mese.example", email="perdu@mese.example", role="conseiller"
    )
    add_totp(agent)
    asked, *others = [
        Account.objects.create(identifier=f"r{turn}{rank}@mese.example", role="responsable")
        for rank in range(3)
    ]
    request = new_factor.ask(agent=agent, by=asked, reason="téléphone perdu")
    return [
        lambda by=by: new_factor.approve(  # type: ignore[misc]
            request=FactorRequest.objects.get(pk=request.pk), by=by, reason="reconnu de vive voix"
        )
        for by in others * 4
    ]


def test_a_new_factor_approved_twice_at_once_is_given_once() -> None:
    for turn in range(3):
        assert kinds(at_once(two_factor_answers(turn))) == {"NoneType": 1, "NothingWaits": 7}
        assert Entry.objects.filter(event=Event.NEW_FACTOR_APPROVED).count() == turn + 1
        assert AccessLink.objects.filter(purpose="second_factor").count() == turn + 1
        assert OutboxMail.objects.filter(name="accounts/new_factor_link").count() == turn + 1


def test_a_new_factor_asked_twice_at_once_waits_once() -> None:
    agent = Account.objects.create(
        identifier="perdu@mese.example", email="perdu@mese.example", role="conseiller"
    )
    add_totp(agent)
    by = Account.objects.create(identifier="r@mese.example", role="responsable")
    acts = [lambda: new_factor.ask(agent=agent, by=by, reason="téléphone perdu")] * 8
    assert kinds(at_once(list(acts))) == {"FactorRequest": 1, "AlreadyAsked": 7}


def test_the_last_two_administrators_who_suspend_one_another_at_once_leave_one() -> None:
    now = timezone.now()
    for turn in range(3):
        Account.objects.update(closed_at=now)
        pair = [
            Account.objects.create(
                identifier=f"a{turn}{rank}@mese.example", role="administrateur", last_sign_in_at=now
            )
            for rank in range(2)
        ]
        results = at_once(
            [
                lambda: agents.suspend(agent=pair[0], by=pair[1], reason="essai"),  # noqa: B023
                lambda: agents.suspend(agent=pair[1], by=pair[0], reason="essai"),  # noqa: B023
            ]
        )
        assert kinds(results) == {"NoneType": 1, "NotAnyMore": 1}
        assert Account.objects.active_administrators().count() == 1


def test_an_agent_who_signs_in_in_three_browsers_at_once_has_one_session() -> None:
    agent = make_agent()
    secret = add_totp(agent)

    def enters(ahead: int) -> int:
        browser = Browser()
        enter(browser, agent)
        return browser.post(STEP, {"code": code_of(secret, ahead=ahead)}).status_code

    at_once([lambda: enters(0), lambda: enters(1), lambda: enters(-1)])
    assert agent.sessions.count() == 1
