"""Many workers at once on a real PostgreSQL, and workers that are killed: each document is read once, and nothing is lost."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.reading.models import FieldTally, PaperField, PaperReading, ReadingOutcome
from adherents.reading.services import judging, working
from adherents.reading.services.entering import enter_checked
from adherents.reading.services.working import read_due
from adherents.vault.services.erasing import take_back
from tests.at_once import at_once
from tests.casework.queueing import adviser
from tests.casework.queueing import checked as without_bytes
from tests.reading.sheets import IBAN
from tests.reading.test_readings import checked, values

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_twelve_workers_enter_each_document_once(member: Member) -> None:
    documents = [without_bytes(member) for _ in range(25)]
    at_once([enter_checked] * 24)
    assert Counter(PaperReading.objects.values_list("document_id", flat=True)) == Counter(
        document.pk for document in documents
    )


def test_six_workers_read_each_document_once(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [checked(member) for _ in range(4)]
    enter_checked()
    read, lock, read_file = Counter[str](), threading.Lock(), working.read_file

    def counted(*args: Any, **options: Any) -> Any:
        with lock:
            read["times"] += 1
        return read_file(*args, **options)

    monkeypatch.setattr(working, "read_file", counted)
    at_once([read_due] * 12, threads=6)
    assert read["times"] == len(documents)
    assert [values(document)["iban"] for document in documents] == [IBAN] * 4


def test_an_erasure_and_a_reading_at_once_leave_no_value(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first."""
    for _ in range(6):
        document = checked(member)
        enter_checked()
        at_once(
            [read_due, partial(take_back, acting=on_own_file(member), document_id=document.pk)], threads=2
        )
        assert not PaperReading.objects.filter(document=document).exists()
        assert not PaperField.objects.exists()


def test_ten_agents_who_judge_at_once_are_counted_as_the_last_of_them(member: Member) -> None:
    document = without_bytes(member)
    reading = PaperReading.objects.create(document=document, outcome=ReadingOutcome.READ, letters="drawn")
    field = PaperField.objects.create(reading=reading, rank=1, code="iban", value=IBAN, page=1)
    at_once(
        [
            partial(
                judging.judge_value,
                agent=adviser(rank),
                document_id=document.pk,
                field_id=field.pk,
                judgement=["right", "wrong"][rank % 2],
            )
            for rank in range(10)
        ]
    )
    field.refresh_from_db()
    tally = FieldTally.objects.get()
    assert {"right": tally.right, "wrong": tally.wrong} == {"right": 0, "wrong": 0} | {field.judgement: 1}


WORKER = """
import django, os, sys, time
django.setup()
from django.conf import settings
folder = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": sys.argv[1]}}
settings.STORAGES = settings.STORAGES | {"documents": folder}
from adherents.reading.services import working
read_file = working.read_file
def slowly(*args, **options):
    found = read_file(*args, **options)
    print("reading", flush=True)
    time.sleep(60)
    return found
working.read_file = slowly
working.read_due()
"""


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(member: Member, settings: Any) -> None:
    document = checked(member)
    enter_checked()
    address = urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environ = os.environ | {
        "TEST_DATABASE_URL": urlunsplit(address),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    location = settings.STORAGES["documents"]["OPTIONS"]["location"]
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, location], env=environ, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "reading\n"
        killed.send_signal(signal.SIGKILL)
    reading = PaperReading.objects.get(document=document)
    assert (reading.outcome, reading.attempts) == (ReadingOutcome.WAITS, 1)
    assert read_due() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=working.LEASE_SECONDS + 1)):
        assert read_due() == 1
    assert values(document)["iban"] == IBAN
