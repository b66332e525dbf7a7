"""Every mail of every room, as its own functions post it: both languages, both parts, nothing missing."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.template import engines
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy

from adherents.accounts import mails
from adherents.accounts.models import Account, Purpose
from adherents.accounts.second_factor import mails as second_factor_mails
from adherents.enrolment import mails as enrolment_mails
from adherents.mail.models import OutboxMail
from adherents.mail.services import Value, render
from tests.cast import CAMILLE
from tests.factories import open_account

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
ROOMS = Path(__file__).parents[2] / "src" / "adherents"
MAILS = sorted(
    f"{folder.parents[1].name}/{folder.name}"
    for folder in ROOMS.glob("*/templates/*/mails/*")
    if folder.is_dir()
)
PARTS = {"subject.txt", "body.txt", "body.html"}

# Posted by rooms that need a document for it: the context that their functions make.
BY_HAND: dict[str, dict[str, Value]] = {
    "vault/deposit_arrived": {
        "kind": "RIB", "number": "D-2026-000123", "count": 2, "refused": 1, "date": "02/03/2026", "hour": "10:20",
        "expected_on": "04/03/2026", "link": "http://testserver/adherent/documents/envois/D-2026-000123/",
    },
    "vault/deposit_entered": {
        "kind": "RIB", "number": "D-2026-000123", "count": 2, "came": "reçu par courrier le 02/03/2026", "late": 0,
        "expected_on": "04/03/2026", "link": "http://testserver/adherent/documents/envois/D-2026-000123/",
    },
    "vault/entered_set_aside": {"number": "D-2026-000123", "link": "http://testserver/gestion/"},
    "vault/answer_set_aside": {"number": "D-2026-000123", "link": "http://testserver/gestion/"},
    "vault/refused_for_safety": {"kind": "RIB", "number": "D-2026-000123", "link": "http://testserver/adherent/documents/envoyer/"},
    "vault/from_insurer": {"kind": "RIB", "date": "23/11/2026", "link": "http://testserver/adherent/documents/x/"},
    "vault/still_to_send": {"count": 2, "date": "02/03/2026", "hour": "10:20", "link": "http://testserver/adherent/"},
    "vault/cannot_be_read": {
        "kind": "RIB", "number": "D-2026-000123",
        "advice": cast(str, gettext_lazy("Envoyez-le à nouveau, ou photographiez le document.")),
        "link": "http://testserver/adherent/documents/envoyer/",
    },
    "casework/accepted": {
        "kind": "RIB", "number": "D-2026-000123", "words": "", "until": "", "asks": False, "link": "http://testserver/adherent/documents/x/",
    },
    "casework/refused": {
        "kind": "RIB", "number": "D-2026-000123", "words": "Le nom n’est pas le vôtre.", "until": "", "asks": True,
        "link": "http://testserver/adherent/documents/x/",
    },
    "casework/handed_over": {"giver": "Claire Morel", "link": "http://testserver/gestion/traiter/x/"},
    "casework/morning_alert": {
        "count": 3, "day": "30/11/2026", "lines": [{"kind": "RIB", "count": "2"}, {"kind": "Devis", "count": "1"}],
        "link": "http://testserver/gestion/?age=today&extent=all", "choice": "http://testserver/gestion/alerte-du-matin/",
    },
    "casework/sending_decided": {
        "number": "D-2026-000123", "asked": 1, "refused": 1, "accepted": 1, "left": 2, "link": "http://testserver/adherent/documents/x/",
        "lines": [
            {"rank": "2", "kind": "RIB", "outcome": "incomplete", "words": "Il manque la page 2.", "until": "10/12/2026",
             "asks": "http://testserver/adherent/documents/envoyer/"},
            {"rank": "1", "kind": "RIB", "outcome": "accepted", "words": "", "until": "", "asks": ""},
        ],
    },
    "casework/relocated": {"kind": "RIB", "number": "D-2026-000123", "link": "http://testserver/adherent/documents/x/"},
    "casework/filed_here": {
        "kind": "RIB", "number": "D-2026-000123", "received_on": "02/03/2026", "expected_on": "04/03/2026", "late": 0,
        "link": "http://testserver/adherent/documents/x/",
    },
    "casework/reopened": {
        "kind": "RIB", "number": "D-2026-000123", "expected_on": "24/11/2026", "link": "http://testserver/adherent/documents/x/",
    },
    "casework/correction_asked": {
        "kind": "RIB", "number": "D-2026-000123", "words": "Il manque la page 2.", "until": "10/12/2026", "asks": True,
        "link": "http://testserver/adherent/documents/x/",
    },
    "members/import_report": {
        "outcome": "doubtful", "message": "", "refused": ["ligne 2 : La clé est fausse."], "refused_more": 3,
        **{f"{sheet}_{count}": number for sheet in ("members", "beneficiaries") for number, count in enumerate(
            ("new", "changed", "unchanged", "gone", "refused", "other_person", "given"), 21)},
        "has_members": True, "has_beneficiaries": True,
        "members_doubts": ["la dernière ligne est courte"], "beneficiaries_doubts": [],
    },
    "messaging/message_waits": {"files": 2, "link": "http://testserver/adherent/messages/x/"},
}  # fmt: skip


class Missing(str):
    """What Django puts where a variable is undefined: here, a failure."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return item == "%s" or super().__contains__(str(item))

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"undefined in the template: {name}")


@pytest.fixture(autouse=True)
def _no_undefined_variable(settings: LazySettings) -> Iterator[None]:
    engine = engines["django"].engine
    before, engine.string_if_invalid = engine.string_if_invalid, Missing("%s")
    yield
    engine.string_if_invalid = before


def post_them_all(account: Account) -> None:
    now = timezone.now()
    for purpose in set(Purpose) - {
        Purpose.LETTER,
        Purpose.STRANGER,
        Purpose.ADDRESS,
        Purpose.ADDRESS_CHANGED,
    }:  # by post, and in mails of their own
        mails.access_link(account, purpose=purpose, token="0" * 32)
    mails.reset_waits(account, until=now)
    mails.locked(account, until=now, dedupe_key="1")
    mails.lock_ended(account)
    mails.password_set(account)
    mails.password_changed(account)
    mails.renewal_near(account, days=1, on=now, dedupe_key="2")
    mails.renewal_near(account, days=15, on=now, dedupe_key="3")
    mails.new_device(account, browser="Firefox, Windows", token="0" * 32)
    mails.new_device(account, browser="", token="0" * 32)
    mails.stranger_reported(account)
    mails.sessions_ended(account)
    mails.agent_role_changed(account)
    mails.agent_suspended(account)
    mails.agent_reinstated(account)
    mails.directory_linked(account)
    mails.break_glass_used(account, browser="Firefox, Windows")
    mails.break_glass_used(account, browser="")
    mails.new_factor_asked(account, until=now)
    mails.new_factor_to_answer(account, until=now)
    mails.new_factor_refused(account)
    mails.new_factor_expired(account)
    mails.email_changed(account, old="ancienne@example.org", new="nouvelle@example.org")
    mails.email_in_file_changed(account, old="ancienne@example.org", new="nouvelle@example.org")
    mails.number_given(
        to=account.email, language=account.language, name=account.display_name, number=account.identifier
    )
    mails.closed(account)
    mails.reopened(account)
    mails.own_email_changed(account, new="nouvelle@example.org")
    mails.identity_wanted(account)
    enrolment_mails.confirm_address(account, to=account.email, token="0" * 32)
    enrolment_mails.address_changed(
        account, to=account.email, new="nouvelle@example.org", token="0" * 32, until=now
    )
    enrolment_mails.franceconnect_linked(account)
    enrolment_mails.franceconnect_unlinked(account)
    enrolment_mails.address_put_back(account)
    enrolment_mails.address_withdrawn(account, to="nouvelle@example.org")
    for kind in ("totp", "webauthn", "recovery_codes"):
        second_factor_mails.second_factor_added(account, kind=kind)
        second_factor_mails.second_factor_removed(account, kind=kind)


@pytest.fixture
def posted() -> list[tuple[str, dict[str, Value]]]:
    account = open_account(CAMILLE)
    with transaction.atomic():
        post_them_all(account)
        account.role = "conseiller"
        mails.password_set(account)
    rows = [(row.name, json.loads(row.context)) for row in OutboxMail.objects.all()]
    return rows + list(BY_HAND.items())


def facts(text: str) -> set[str]:
    """What must not differ between the two parts: numbers, dates, hours, addresses."""
    return set(re.findall(r"https?://[^\s<>\"]+|[\w.]+@[\w.]+\w|\d[\d/:\- ]*\d|\d", text))


def test_every_mail_is_rendered_here(posted: list[tuple[str, dict[str, Value]]]) -> None:
    assert sorted({name for name, _ in posted}) == MAILS


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_has_its_three_files_and_nothing_else(name: str) -> None:
    room, mail = name.split("/")
    assert {file.name for file in (ROOMS / room / "templates" / room / "mails" / mail).iterdir()} == PARTS


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_is_whole_in_both_languages(
    posted: list[tuple[str, dict[str, Value]]], language: str
) -> None:
    for name, context in posted:
        subject, text, html = render(name, language=language, context=context)
        assert 5 < len(subject) < 100, name
        assert "\n" not in subject, name
        words = unescape(strip_tags(re.sub(r"(?s)<(style|title).*?</\1>", "", html)))
        links = " ".join(re.findall(r'href="(?:mailto:)?([^"]+)"', html))
        assert facts(text) <= facts(f"{words} {unescape(links)}"), name
        assert facts(words) <= facts(text) | facts(subject), name
        for part in (subject, text, words):
            assert "{{" not in part, name
            assert "{%" not in part, name
            assert "&#" not in part, name
        assert f'<html lang="{language}">' in html, name
        assert "<script" not in html
        assert "<img" not in html


def test_nothing_of_one_language_is_in_the_other(posted: list[tuple[str, dict[str, Value]]]) -> None:
    for name, context in posted:
        french = render(name, language="fr", context=context)
        english = render(name, language="en", context=context)
        assert french[0] != english[0], name
        sentences = [
            line for line in french[1].splitlines() if len(line) > 30 and not line.startswith("http")
        ]
        assert not [line for line in sentences if line in english[1]], name


def test_what_a_person_wrote_is_escaped_in_html_and_left_in_text() -> None:
    context: dict[str, Value] = {
        "browser": "<b>Fire & Fox</b>",
        "date": "02/03/2026",
        "hour": "10:20",
        "link": "http://testserver/acces/signaler/x/",
        "agent": False,
    }
    _, text, html = render("accounts/new_device", language="fr", context=context)
    assert "<b>Fire & Fox</b>" in text
    assert "&lt;b&gt;Fire &amp; Fox&lt;/b&gt;" in html


@pytest.mark.rule("G6")
def test_no_mail_names_a_delay_that_is_not_the_profiles() -> None:
    for file in ROOMS.glob("*/templates/*/mails/*/*"):
        assert not re.search(r"\b\d+ (minutes|heures|jours)", file.read_text()), file
