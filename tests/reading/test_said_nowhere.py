"""Values that were read, in the text layer and on pixels, are on pages that show them, and in no log, event, address or address's
query: from the reading to what the agent, the member and the insurer's system do with them.
"""

import io
import logging
import re
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from adherents.casework.services.entering import enter_checked
from adherents.feed.models import Announcement
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.reading.models import PaperField, PaperReading
from adherents.reading.pixels import process as pixels
from tests.api.systems import System
from tests.cast import CAMILLE
from tests.reading.sheets import BIC, IBAN, SPACED, say, sheet
from tests.reading.test_pixels import jpeg, picture
from tests.reading.test_read_for_people import desk, page_of, text
from tests.reading.test_readings import read_
from tests.vault.conftest import browser_of

pytestmark = pytest.mark.django_db
ADDRESS = re.compile(r'(?:href|action|src|data-[a-z-]*url[a-z-]*)="([^"]*)"')
PAPER = sheet(
    say("Titulaire : MME DUPONT CAMILLE", y=740, size=12), say(f"IBAN : {SPACED}", size=12), say(f"BIC : {BIC}", y=600)
)  # fmt: skip


def without_text(content: bytes) -> bytes:
    """The page as a scanner makes it: pixels alone."""
    image: Image.Image = picture(content)
    written = io.BytesIO()
    image.save(written, "PDF", resolution=150)
    return written.getvalue()


@pytest.mark.parametrize(
    ("how", "letters"), [("native", "drawn"), ("scan", "recognised"), ("photo", "recognised")]
)
def test_no_value_is_in_a_log_an_event_a_mail_or_an_address(
    member: Member,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    how: str,
    letters: str,
) -> None:
    if how != "native" and not pixels.is_installed():
        pytest.skip("the extra « pictures » is not installed")
    made = {
        "native": lambda: PAPER,
        "scan": lambda: without_text(PAPER),
        "photo": lambda: jpeg(picture(PAPER)),
    }
    with caplog.at_level(logging.DEBUG):
        document = read_(member, made[how](), "rib.jpg" if how == "photo" else "rib.pdf")
        field = PaperField.objects.select_related("reading").get(reading__document=document, code="iban")
        assert field.clear == IBAN
        assert PaperReading.objects.get(document=document).letters == letters
        enter_checked()
        agent, at_home = desk(), browser_of(member)
        addresses = [
            address
            for client, page in (
                (agent, f"/gestion/documents/{document.pk}/"),
                (agent, f"/gestion/traiter/{document.pk}/"),
                (at_home, page_of(document)),
            )
            for address in ADDRESS.findall(text(client.get(page)))
        ]
        assert any(f"/lu/{field.pk}/" in address for address in addresses)
        addresses += led_to(agent, f"/gestion/documents/{document.pk}/lu/{field.pk}/", judgement="wrong")
        addresses += led_to(agent, f"/gestion/documents/{document.pk}/lu/{field.pk}/", judgement="right")
        addresses += led_to(at_home, f"{page_of(document)}lu/{field.pk}/", answer="yes")
        system = System()
        assert IBAN in system.get(f"documents/{document.pk}/readings").content.decode()
    assert Announcement.objects.filter(type="reading.confirmed").count() == 1
    events = " ".join(f"{event.type} {event.subject} {event.data}" for event in Announcement.objects.all())
    entries = " ".join(f"{entry.event} {entry.details}" for entry in Entry.objects.all())
    mails = " ".join(str(vars(mail)) for mail in OutboxMail.objects.all())
    logged = " ".join([caplog.text, *(str(vars(record)) for record in caplog.records), *capfd.readouterr()])
    for place, said in {
        "a log": logged,
        "an event": events,
        "the journal": entries,
        "a mail": mails,
        "an address": " ".join(addresses),
    }.items():
        for value in (IBAN, SPACED, IBAN[4:], IBAN[-11:], BIC, CAMILLE.nir):
            assert value not in said, f"a value is in {place}"


def led_to(client: Client, address: str, **posted: str) -> list[Any]:
    """Where the form goes and what it leads to."""
    answer = client.post(address, {**posted, "back": ""})
    assert answer.status_code == 302
    return [address, answer["Location"]]
