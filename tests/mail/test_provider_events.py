"""A provider that carries the mails says by HTTP which came back. The payloads are those of django-anymail's own tests (G10)."""

import base64
import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from adherents.config.environment import MailEvents, WrongSetting, mail_events
from adherents.members.models import Member
from tests.cast import CAMILLE
from tests.config.addresses import ADDRESSES
from tests.factories import add_to_register

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10"), pytest.mark.urls("tests.mail.urls")]
SECRET = "0123456789abcdef0123456789abcdef"
BREVO = {
    "event": "hard_bounce",
    "email": CAMILLE.email,
    "ts_epoch": 1520363423000,
    "message-id": "<201803011158.9876543210@smtp-relay.mailin.fr>",
    # the leading space in the reason is as received in actual testing:
    "reason": " RecipientError: 550 5.5.0 Requested action not taken: mailbox unavailable.",
    "tag": "header-tag",
}
MAILJET = {
    "event": "bounce",
    "time": 1498093527,
    "MessageID": 12345678901234567,
    "email": CAMILLE.email,
    "mj_campaign_id": 1234567890,
    "mj_contact_id": 9876543210,
    "customcampaign": "",
    "blocked": True,
    "hard_bounce": True,
    "error_related_to": "domain",
    "error": "invalid domain",
}


@pytest.fixture(autouse=True)
def camille(db: None) -> Member:
    return add_to_register(CAMILLE)


@pytest.fixture
def provider(settings: LazySettings, request: pytest.FixtureRequest) -> str:
    settings.ADHERENTS_MAIL_EVENTS = MailEvents(request.param, SECRET)
    return str(request.param)


def tell(provider: str, body: Any, *, secret: str = SECRET, user: str = "rebonds") -> int:
    token = base64.b64encode(f"{user}:{secret}".encode()).decode()
    answer = Client(enforce_csrf_checks=True).post(
        f"/mails/rebonds/{provider}/",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Basic {token}"} if secret else {},
    )
    assert answer.status_code == 404 or not answer.cookies
    return answer.status_code


def fails() -> bool:
    return Member.objects.failing().exists()


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({}, True),
        ({"reason": "550 5.1.1 User unknown"}, True),
        ({"event": "invalid_email", "reason": ""}, True),
        ({"reason": "550 5.7.1 Blocked by our policy"}, False),
        ({"reason": "552 5.2.2 Mailbox full"}, False),
        (
            {"event": "soft_bounce", "reason": "undefined Unable to find MX of domain no-mx.example.com"},
            False,
        ),
        ({"event": "deferred", "reason": "550 RecipientError"}, False),
        ({"event": "blocked", "reason": "blocked : due to blacklist user"}, False),
        ({"event": "spam"}, False),
        ({"event": "delivered"}, False),
        ({"email": "inconnu@example.org"}, False),
    ],
)
@pytest.mark.parametrize("provider", ["brevo"], indirect=True)
def test_brevo_lists_an_address_that_is_none_and_no_other(
    provider: str, changed: dict[str, str], listed: bool
) -> None:
    assert tell(provider, BREVO | changed) == 200
    assert fails() is listed


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({}, True),
        ({"error": "user unknown", "error_related_to": "recipient"}, True),
        ({"event": "blocked", "error": "typofix", "hard_bounce": False}, True),
        ({"error": "quota exceeded", "hard_bounce": False}, False),
        ({"error": "user unknown", "hard_bounce": False}, False),
        ({"error": "relay/access denied"}, False),
        ({"event": "blocked", "error": "preblocked"}, False),
        ({"event": "spam"}, False),
        ({"event": "open"}, False),
    ],
)
@pytest.mark.parametrize("provider", ["mailjet"], indirect=True)
def test_mailjet_lists_an_address_that_is_none_and_no_other(
    provider: str, changed: dict[str, object], listed: bool
) -> None:
    assert tell(provider, [MAILJET | changed]) == 200
    assert fails() is listed


@pytest.mark.parametrize("provider", ["mailjet"], indirect=True)
def test_events_come_one_by_one_or_many_together(provider: str) -> None:
    assert tell(provider, MAILJET | {"event": "sent"}) == 200
    assert tell(provider, []) == 200
    assert not fails()
    assert tell(provider, [MAILJET | {"email": "inconnu@example.org"}, MAILJET]) == 200
    assert fails()


@pytest.mark.parametrize("provider", ["brevo"], indirect=True)
def test_without_the_secret_nothing_is_believed(provider: str) -> None:
    assert tell(provider, BREVO, secret="") == 403
    assert tell(provider, BREVO, secret=SECRET[:-1]) == 403
    assert tell(provider, BREVO, user="autre") == 403
    assert tell("mailjet", [MAILJET]) == 404
    assert tell("resend", BREVO) == 404
    assert Client().get("/mails/rebonds/brevo/").status_code == 405
    assert not fails()


@pytest.mark.parametrize("provider", ["brevo", "mailjet"], indirect=True)
@pytest.mark.parametrize(
    "body", [None, 3, "text", ["text"], [None], {"event": []}, {"items": []}, BREVO | {"email": 3}]
)
def test_what_no_provider_writes_is_refused(provider: str, body: Any) -> None:
    assert tell(provider, body) in {200, 400}
    assert not fails()


@pytest.mark.any_database
def test_where_no_provider_is_set_the_address_is_none() -> None:
    assert not [address for address in ADDRESSES if address.path.startswith("/mails/")]


@pytest.mark.any_database
@pytest.mark.parametrize("wrong", ["brevo", "brevo:short", f"sendgrid:{SECRET}", f"brevo:{SECRET[:-1]}é"])
def test_a_provider_needs_a_secret_that_cannot_be_guessed(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADHERENTS_MAIL_EVENTS", wrong)
    with pytest.raises(WrongSetting, match="ADHERENTS_MAIL_EVENTS") as refused:
        mail_events()
    assert SECRET not in str(refused.value)
    monkeypatch.setenv("ADHERENTS_MAIL_EVENTS", f"mailjet:{SECRET}")
    assert mail_events() == MailEvents("mailjet", SECRET)
    assert SECRET not in repr(mail_events())
