"""A sending is a thing of its own: nothing of another page leaves with it, and what waits is kept a while and told once."""

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import lxml.html
import pytest
import time_machine
from django.test import Client

from adherents.accounts.services import closing
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import Deposit, Document, PendingFile, Sending, Upload
from adherents.vault.services import preparing
from adherents.vault.services.sweeping import sweep_forgotten
from tests.vault.conftest import FIRST, SECOND, browser_of, objects_in, pdf, picture, send, upload, waiting
from tests.vault.tus_client import SEND as PAGE
from tests.vault.tus_requests import LARGE, announce, bring, brought, half

Text = Callable[[Any], str]
MAIL = "vault/still_to_send"


@pytest.mark.django_db
class TestTwoPages:
    def test_each_sends_its_own_files_under_its_own_kind(self, signed_in: Client, member: Member) -> None:
        mine, others = brought(signed_in, "rib.pdf", FIRST), brought(signed_in, "facture.pdf", SECOND)
        send(signed_in, sending=FIRST, order=[mine], kind="rib")
        assert [(document.name, document.kind) for document in Document.objects.all()] == [("rib.pdf", "rib")]
        send(signed_in, sending=SECOND, order=[others], kind="facture_dentaire")
        assert Document.objects.get(pk=others).kind == "facture_dentaire"

    def test_neither_can_name_the_others_files(self, signed_in: Client, sentences: Text) -> None:
        brought(signed_in, "rib.pdf", FIRST)
        others = brought(signed_in, "facture.pdf", SECOND)
        answer = send(signed_in, sending=FIRST, order=[others])
        assert "Un fichier qui attendait n’est plus là" in sentences(answer)
        assert not Document.objects.exists()
        assert PendingFile.objects.count() == 2

    def test_a_file_that_the_page_does_not_name_stays_and_is_a_sending_of_its_own(
        self, signed_in: Client, sentences: Text
    ) -> None:
        """Two pages that prepare one sending: what the other added is not under the button that was pressed."""
        named, left = brought(signed_in, "a.pdf", FIRST), brought(signed_in, "b.pdf", FIRST)
        on_its_way = half(signed_in, sending=FIRST)
        send(signed_in, sending=FIRST, order=[named])
        assert [document.pk for document in Document.objects.all()] == [named]
        apart = Sending.objects.get(deposit=None)
        assert PendingFile.objects.get().pk == left
        assert PendingFile.objects.get().sending == apart
        assert bring(signed_in, on_its_way, LARGE[len(LARGE) // 2 :], len(LARGE) // 2).status_code == 204
        assert apart.pending_files.count() == 2
        answer = send(signed_in, sending=FIRST, order=[named, left])
        words = "déjà parti, depuis une autre page ou un autre appareil : accusé de dépôt n° "
        assert f"{words}{Deposit.objects.get()}" in sentences(answer)
        assert Deposit.objects.count() == 1
        assert announce(signed_in, LARGE, "c.pdf", sending=FIRST).status_code == 410

    def test_what_the_other_prepares_is_shown_with_its_kind_and_can_be_taken_over(
        self, signed_in: Client, sentences: Text
    ) -> None:
        brought(signed_in, "rib.pdf", FIRST)
        fields = {"kind": "rib", "note": "Le nouveau", "gather": "on"}
        assert signed_in.post(f"{PAGE}{FIRST}/garder/", fields).status_code == 204
        page = signed_in.get(PAGE)
        assert "RIB . 1 fichier est prêt et n’est pas encore envoyé." in sentences(page)
        assert f"?sending={FIRST}" in page.content.decode()
        assert "rib.pdf" not in sentences(page)
        formerly = signed_in.get(f"{PAGE}?envoi={FIRST}").content.decode()  # a page of the version before
        over = signed_in.get(f"{PAGE}?sending={FIRST}").content.decode()
        assert "rib.pdf" in over
        assert "rib.pdf" in formerly
        assert "Le nouveau" in over
        assert 'value="rib" id="id_kind_0" checked' in over

    def test_its_forms_are_understood_by_the_version_before_too(self, signed_in: Client) -> None:
        """While portals are replaced one by one, any of them may receive the form that another one has served."""
        brought(signed_in, "rib.pdf", FIRST)
        page = lxml.html.fromstring(signed_in.get(f"{PAGE}?sending={FIRST}").content)
        actions = page.xpath("//form[@enctype or @data-drop]/@action")
        assert len(actions) == 2
        for action in actions:
            assert parse_qs(urlsplit(action).query) == {"sending": [FIRST], "envoi": [FIRST]}

    def test_anothers_sending_is_neither_shown_nor_used(
        self, signed_in: Client, other_member: Member, sentences: Text
    ) -> None:
        brought(signed_in, "rib.pdf", FIRST)
        other = browser_of(other_member)
        assert "rib.pdf" not in sentences(other.get(f"{PAGE}?sending={FIRST}"))
        other.post(f"{PAGE}{FIRST}/garder/", {"kind": "rib", "note": "à moi"})
        theirs = brought(other, "leur.pdf", FIRST)
        assert Sending.objects.get(pk=FIRST).note == ""
        assert PendingFile.objects.get(pk=theirs).sending_id != uuid.UUID(FIRST)
        assert send(other, sending=FIRST, order=waiting()).status_code == 200
        assert not Document.objects.exists()

    def test_what_waits_for_a_message_is_no_part_of_it(self, signed_in: Client, member: Member) -> None:
        data = {"subject": "", "body": "", "files": [upload(pdf(), "devis.pdf")]}
        signed_in.post("/adherent/messages/nouveau/", data)
        assert send(signed_in, sending=FIRST, order=waiting()).status_code == 200
        assert not Document.objects.exists()
        mine = brought(signed_in, "rib.pdf", FIRST)
        signed_in.post(
            "/adherent/messages/nouveau/", {"subject": "Devis", "body": "Oui", "waiting": [str(mine)]}
        )
        assert not Document.objects.exists()


@pytest.mark.django_db
class TestAnnouncements:
    def test_one_whose_answer_was_lost_is_answered_again(self, signed_in: Client) -> None:
        metadata = {"sending": FIRST, "sha256": "a" * 64}
        addresses = {announce(signed_in, LARGE, **metadata)["Location"] for _ in range(30)}
        assert len(addresses) == 1
        assert Upload.objects.count() == 1

    def test_those_whose_bytes_never_came_keep_nobody_out(self, signed_in: Client, member: Member) -> None:
        with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
            browser = browser_of(member)
            for number in range(20):
                announce(browser, LARGE, f"{number}.pdf", sending=FIRST)
            assert announce(browser, LARGE, sending=FIRST).json()["reason"] == "too_many"
            clock.shift(61)
            for number in range(20):
                brought(browser, f"{number} encore.pdf", FIRST, picture("PNG", (8, 8)))
            assert announce(browser, LARGE, sending=FIRST).json()["reason"] == "too_many"
            assert (Upload.objects.count(), PendingFile.objects.count()) == (0, 20)

    def test_they_are_not_shown_as_files_that_came_in_part(self, signed_in: Client, sentences: Text) -> None:
        announce(signed_in, LARGE, sending=FIRST)
        for page in (PAGE, f"{PAGE}?sending={FIRST}", "/adherent/"):
            shown_sentences = sentences(signed_in.get(page))
            assert "en partie" not in shown_sentences
            assert "pas terminé" not in shown_sentences
            assert "est commencé" not in shown_sentences

    def test_a_member_has_no_more_sendings_open_than_one_person_wants(self, signed_in: Client) -> None:
        for _ in range(30):
            assert announce(signed_in, LARGE, sending=str(uuid.uuid4())).status_code in {201, 409}
        assert Sending.objects.count() == preparing.MOST_OPEN
        Upload.objects.all().delete()
        assert announce(signed_in, LARGE, sending=str(uuid.uuid4())).status_code == 201
        assert Sending.objects.count() == 1, "what nothing came for gives way"

    def test_one_that_leaves_at_once_is_no_promise_more(self, signed_in: Client) -> None:
        for number in range(preparing.MOST_OPEN):
            brought(signed_in, f"{number}.pdf", str(uuid.UUID(int=number + 1)))
        refused = announce(signed_in, LARGE, sending=str(uuid.uuid4()))
        assert (refused.status_code, refused.json()["reason"]) == (409, "too_many_open")
        answer = send(signed_in, upload(pdf()), sending=uuid.uuid4())
        assert answer["Location"].startswith("/adherent/documents/accuses/"), "its own form sends it whole"
        assert PendingFile.objects.count() == preparing.MOST_OPEN


@pytest.mark.django_db
class TestWhatWaits:
    def test_it_is_kept_a_day_after_its_last_byte_then_swept(
        self, member: Member, objects_folder: Any
    ) -> None:
        with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
            brought(browser_of(member), "a.pdf", FIRST)
            clock.shift(20 * 3600)
            half(browser_of(member), sending=FIRST)
            clock.shift(23 * 3600)
            assert sweep_forgotten() == 0
            assert PendingFile.objects.exists()
            clock.shift(2 * 3600)
            assert sweep_forgotten() == 2
        assert not Sending.objects.exists()
        assert not objects_in(objects_folder)
        assert not UnclaimedObject.objects.exists()

    def test_one_mail_tells_of_all_of_it_some_hours_before_the_end(self, member: Member) -> None:
        with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
            brought(browser_of(member), "a.pdf", FIRST)
            clock.shift(3600)
            brought(browser_of(member), "b.pdf", SECOND)
            clock.shift(16 * 3600)
            assert preparing.tell_what_waits() == 0
            clock.shift(3600)
            assert preparing.tell_what_waits() == 1
            assert preparing.tell_what_waits() == 0
            clock.shift(3600)
            assert preparing.tell_what_waits() == 0, "the second one was told with the first"
        mail = OutboxMail.objects.get(name=MAIL)
        assert mail.recipient == "camille@example.org"
        context = json.loads(mail.context)
        subject, text, html = render(MAIL, language="fr", context=context)
        assert subject.replace("\u00a0", " ") == (
            "Vos 2 fichiers ne sont pas envoyés : ils seront effacés le 24/11/2026 à 11 h"
        )
        assert "a.pdf" not in text + html
        english = render(MAIL, language="en", context={**context, "count": 1, "hour": "11:00 am"})[0]
        assert english == "Your file has not been sent: it will be deleted on 24/11/2026 at 11:00 am"

    def test_no_mail_tells_of_what_left_or_of_a_closed_account(self, member: Member) -> None:
        with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as clock:
            mine = brought(browser_of(member), "a.pdf", FIRST)
            send(browser_of(member), sending=FIRST, order=[mine])
            brought(browser_of(member), "b.pdf", SECOND)
            assert member.account
            closing.close(account=member.account, actor="agent:1", reason="décès")
            clock.shift(19 * 3600)
            preparing.tell_what_waits()
        assert not OutboxMail.objects.filter(name=MAIL).exists()

    def test_the_home_page_says_until_when_and_leads_there(self, member: Member, sentences: Text) -> None:
        with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False):
            browser = browser_of(member)
            brought(browser, "a.pdf", FIRST)
            home = browser.get("/adherent/")
            assert "Envoi à terminer Gardé jusqu’au 24/11/2026" in sentences(home)
            assert f"{PAGE}?sending={FIRST}" in home.content.decode()
            english = browser.get("/adherent/", headers={"Accept-Language": "en"})
            assert english.status_code == 200
            send(browser, sending=FIRST, order=waiting())
            assert "pas terminé" not in sentences(browser.get("/adherent/"))
