"""`adherents retention`: the table of what is kept, made from the profile and the code."""

import io
import re
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model
from django.test import override_settings

from adherents.accounts.models import Account, KnownDevice
from adherents.crypto.fields import EncryptedTextField
from adherents.insurer.profile import load_profile, profile
from adherents.members.models import Beneficiary, Member
from adherents.vault.services.retention import rules
from adherents.work.purging import due
from adherents.work.retention import BY_PURGE, IMPERSONAL, kept
from tests.cast import CAMILLE
from tests.factories import open_account

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rgpd" / "conservation.md"
NIGHT = "2026-11-02T03:00:00+01:00"
ABOUT_A_PERSON = {"actor", "owner", "recipient", "identifier", "email", "address", "name", "session_data"}


def table() -> str:
    out = io.StringIO()
    call_command("retention", stdout=out)
    return out.getvalue()


def every_table() -> dict[str, type[Model]]:
    return {model._meta.label: model for model in apps.get_models(include_auto_created=True)}


def test_the_page_is_what_the_command_says_of_the_default_profile() -> None:
    assert PAGE.read_text() == table(), "run: .venv/bin/adherents retention > docs/rgpd/conservation.md"


def test_every_table_has_a_line_or_is_said_to_hold_nothing_of_a_person() -> None:
    told = {label for line in kept() for label in line.tables}
    assert told | IMPERSONAL.keys() == every_table().keys()
    assert told & IMPERSONAL.keys() == set()


def test_a_table_that_is_said_to_hold_nothing_of_a_person_leads_to_none() -> None:
    for label in IMPERSONAL:
        if not label.startswith(("account.", "auth.", "contenttypes.")):
            fields = every_table()[label]._meta.fields
            assert not {field.name for field in fields} & ABOUT_A_PERSON, label
            assert not [field for field in fields if field.related_model in {Account, Member, Beneficiary}], (
                label
            )
            assert not [field for field in fields if isinstance(field, EncryptedTextField)], label


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["mese", "exemple"])
def test_the_durations_are_those_that_the_purge_reads(name: str) -> None:
    with override_settings(ADHERENTS_PROFILE=load_profile(ROOT / "profiles" / f"{name}.toml")):
        text = table()
        for rule in rules():
            words = profile().documents.kind(rule.kind).fr
            [line] = [line for line in text.splitlines() if f"«\u00a0{words}\u00a0»" in line]
            assert f"| {rule.months} mois après" in line
        of_threads = [line for line in text.splitlines() if "`messaging_thread`" in line and "mois" in line]
        assert f"| {profile().messages.retention_months} mois après" in of_threads[0]
        for purge in due():
            period = re.search(r"(\d+) days?\b", purge.rule)
            unit = "jour" if period and period[1] == "1" else "jours"
            assert period is None or f"{period[1]} {unit}" in text, purge.rule
        assert f"{profile().backups.kept_days} jours" in text


@pytest.mark.django_db
def test_a_line_that_the_purge_ends_is_of_a_table_that_it_lists() -> None:
    listed = {purge.name for purge in due()}
    lines = [line for line in kept() if BY_PURGE in line.ended_by and line.tables]
    assert len(lines) > 10
    # One purge a table or more: a line of the table that no purge does would be a promise that is not kept.
    of_table = {
        "mail.OutboxMail": "mails",
        "feed.Announcement": "feed",
        "folder.FolderBatch": "batches of the folder",
        "messaging.Circular": "message(s) to many members",
        "messaging.Thread": "message thread(s)",
        "notes.Note": "internal note(s)",
        "vault.Sending": "file(s) that wait for a form",
        "enrolment.LetterBatch": "letters",
        "enrolment.AddressToConfirm": "addresses to confirm",
        "drafts.Draft": "drafts",
        "api.StoredAnswer": "API answers",
        "accounts.DirectoryIdentity": "people of the directory who wait",
        "enrolment.FranceConnectIdentity": "people of FranceConnect who wait",
        "accounts.KnownDevice": "known browsers",
        "accounts.Session": "sessions",
        "accounts.AccessLink": "links",
        "accounts.UsedToken": "used tokens",
        "accounts.SignInCounter": "sign-in counters",
        "accounts.RateCounter": "hits",
    }
    for line in lines:
        first = line.tables[0]
        assert first == "vault.Document" or of_table[first] in listed, first


@pytest.mark.django_db
def test_a_browser_that_was_not_seen_for_400_days_is_forgotten() -> None:
    account = open_account(CAMILLE)
    with time_machine.travel(NIGHT, tick=False) as clock:
        KnownDevice.objects.create(account=account, token_hash="a" * 64)
        clock.shift(401 * 86400)
        KnownDevice.objects.create(account=account, token_hash="b" * 64)
        call_command("purge", apply=True, stdout=io.StringIO())
    assert list(KnownDevice.objects.values_list("token_hash", flat=True)) == ["b" * 64]
