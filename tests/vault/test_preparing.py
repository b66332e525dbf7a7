"""A sending is a thing of its own: nothing of another page leaves with it, it leaves once, and what waits is told once."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from adherents.accounts.services import closing
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.models import UnclaimedObject
from adherents.vault.models import Deposit, Document, PendingFile, Sending, Upload
from adherents.vault.refusals import FileRefusal
from adherents.vault.services import preparing, sending
from adherents.vault.services.deposit import Form
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.services.standing import Closed
from adherents.vault.services.sweeping import sweep_forgotten
from adherents.vault.uploads import services as resuming
from tests.vault.conftest import browser_of, objects_in, pdf, picture, send, upload, waiting
from tests.vault.test_resumable import LARGE, announce, bring, half

Text = Callable[[Any], str]
PAGE = "/adherent/documents/envoyer/"
FIRST, SECOND = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
MAIL = "vault/still_to_send"


def brought(client: Client, name: str, page: str, content: bytes = LARGE) -> uuid.UUID:
    """A file that arrived for the sending that this page prepares; its id."""
    address = announce(client, content, name, sending=page)["Location"]
    assert bring(client, address, content).status_code == 204
    return uuid.UUID(address.split("/")[-2])


def in_hand(name: str = "a.pdf", content: bytes | None = None) -> Any:
    """A file that came with a form."""
    intake = UploadBatch()
    intake.begin(name).write(content or pdf())
    intake.end()
    return intake.take()


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
        assert f"?envoi={FIRST}" in page.content.decode()
        assert "rib.pdf" not in sentences(page)
        over = signed_in.get(f"{PAGE}?envoi={FIRST}").content.decode()
        assert "rib.pdf" in over
        assert "Le nouveau" in over
        assert '<option value="rib" selected>' in over

    def test_anothers_sending_is_neither_shown_nor_used(
        self, signed_in: Client, other_member: Member, sentences: Text
    ) -> None:
        brought(signed_in, "rib.pdf", FIRST)
        other = browser_of(other_member)
        assert "rib.pdf" not in sentences(other.get(f"{PAGE}?envoi={FIRST}"))
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
class TestSentOnce:
    def test_asked_again_it_gives_the_same_receipt_with_files_that_waited_or_came(
        self, signed_in: Client
    ) -> None:
        mine = brought(signed_in, "rib.pdf", FIRST)
        answers = [send(signed_in, sending=FIRST, order=[mine]) for _ in range(3)]
        assert len({answer["Location"] for answer in answers}) == 1
        Sending.objects.all().delete()  # long after, a phone that was away asks again
        assert send(signed_in, sending=FIRST, order=[mine])["Location"] == answers[0]["Location"]
        plain = [send(signed_in, upload(pdf(3), "b.pdf"), sending=SECOND) for _ in range(3)]
        assert len({answer["Location"] for answer in plain}) == 1
        assert Deposit.objects.count() == 2
        assert OutboxMail.objects.count() == 2
        assert not UnclaimedObject.objects.exists()

    def test_its_page_leads_to_the_receipt(self, signed_in: Client) -> None:
        mine = brought(signed_in, "rib.pdf", FIRST)
        receipt = send(signed_in, sending=FIRST, order=[mine])["Location"]
        assert signed_in.get(f"{PAGE}?envoi={FIRST}")["Location"] == receipt

    def test_another_file_under_a_sending_that_left_waits_and_is_said(
        self, signed_in: Client, sentences: Text
    ) -> None:
        send(signed_in, upload(pdf(), "a.pdf"), sending=FIRST)
        answer = send(signed_in, upload(pdf(2), "b.pdf"), sending=FIRST)
        assert "Cet envoi est déjà parti" in sentences(answer)
        assert "1 fichier prêt à envoyer" in sentences(answer)
        assert PendingFile.objects.get().name == "b.pdf"

    @pytest.mark.parametrize("with_the_first", [False, True])
    @pytest.mark.parametrize("by_script", [False, True])
    def test_a_file_refused_under_a_sending_that_left_is_never_told_as_arrived(
        self, signed_in: Client, sentences: Text, with_the_first: bool, by_script: bool
    ) -> None:
        first = send(signed_in, upload(pdf(), "a.pdf"), sending=FIRST)["Location"]
        again = [upload(pdf(), "a.pdf")] if with_the_first else []
        if by_script:
            body = {"kind": "rib", "refused": ["too_large:devis.docx"], "files": again}
            asked = signed_in.post(
                f"{PAGE}?envoi={FIRST}", body, headers={"Accept": "application/json"}
            ).json()
            assert asked == {"receipt": ""}
            again = [upload(pdf(), "a.pdf")] if with_the_first else []
            answer = send(signed_in, *again, sending=FIRST, refused=["too_large:devis.docx"])  # type: ignore[arg-type]
        else:
            answer = send(signed_in, *again, upload(b"PK\x03\x04 a letter", "devis.docx"), sending=FIRST)
        assert answer.status_code == 200
        words = sentences(answer)
        assert "Cet envoi est déjà parti" in words
        assert "devis.docx" in words
        assert first.rstrip("/").split("/")[-1] in words

    def test_the_same_bytes_under_another_kind_are_not_told_as_sent(
        self, signed_in: Client, sentences: Text
    ) -> None:
        send(signed_in, upload(pdf(), "a.pdf"), sending=FIRST)
        answer = signed_in.post(
            f"{PAGE}?envoi={FIRST}", {"kind": "attestation_secu", "files": [upload(pdf(), "a.pdf")]}
        )
        assert "Cet envoi est déjà parti" in sentences(answer)
        assert "1 fichier prêt à envoyer" in sentences(answer)

    def test_what_was_refused_the_first_time_gives_the_same_receipt_when_it_is_asked_again(
        self, signed_in: Client
    ) -> None:
        asked = [
            send(
                signed_in, upload(pdf(), "a.pdf"), upload(b"PK\x03\x04 a letter", "devis.docx"), sending=FIRST
            )
            for _ in range(2)
        ]
        assert len({answer["Location"] for answer in asked}) == 1

    def test_a_script_is_told_where_the_receipt_is_and_nothing_else(self, signed_in: Client) -> None:
        mine = brought(signed_in, "rib.pdf", FIRST)
        body = {"kind": "rib", "order": [str(mine)]}
        asked = {"headers": {"Accept": "application/json"}}
        assert signed_in.post(f"{PAGE}?envoi={FIRST}", {**body, "kind": ""}, **asked).json() == {
            "receipt": ""
        }
        answers = [signed_in.post(f"{PAGE}?envoi={FIRST}", body, **asked) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert "/accuses/" in answers[0].json()["receipt"]

    def test_what_the_page_refused_stands_on_the_receipt_and_in_the_mail(
        self, signed_in: Client, sentences: Text
    ) -> None:
        mine = brought(signed_in, "rib.pdf", FIRST)
        reports = [
            "format:devis.docx",
            "too_large:../gros.pdf",
            "nonsense:x.pdf",
            "",
            *["empty:vide.pdf"] * 80,
        ]
        answer = send(signed_in, sending=FIRST, order=[mine], refused=reports)  # type: ignore[arg-type]
        page = sentences(signed_in.get(answer["Location"]))
        assert f"devis.docx {FileRefusal.FORMAT.label}" in page
        assert f"gros.pdf {FileRefusal.TOO_LARGE.label}" in page
        assert "x.pdf" not in page
        refused = Deposit.objects.get().refused
        assert len(refused) == 48
        context = json.loads(OutboxMail.objects.get().context)
        assert (
            "fichiers n’ont pas été acceptés"
            in render("vault/deposit_arrived", language="fr", context=context)[1]
        )


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
        for page in (PAGE, f"{PAGE}?envoi={FIRST}", "/adherent/"):
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
            assert "Un envoi n’est pas terminé 1 fichier est prêt et n’est pas encore envoyé." in sentences(
                home
            )
            assert "jusqu’au 24/11/2026 à 11 h" in sentences(home)
            assert f"{PAGE}?envoi={FIRST}" in home.content.decode()
            english = browser.get("/adherent/", headers={"Accept-Language": "en"})
            assert english.status_code == 200
            send(browser, sending=FIRST, order=waiting())
            assert "pas terminé" not in sentences(browser.get("/adherent/"))


@pytest.mark.django_db
class TestAnAccountThatCloses:
    """While bytes come: what was acknowledged stays, and nothing is accepted afterwards."""

    def test_a_form_on_its_way_is_refused_in_words_and_leaves_nothing(
        self,
        member: Member,
        signed_in: Client,
        sentences: Text,
        objects_folder: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        earlier = send(signed_in, upload(pdf(), "avant.pdf"))
        kept = objects_in(objects_folder)
        close = closing.close
        end = UploadBatch.end

        def closed_meanwhile(intake: UploadBatch) -> Any:
            assert member.account
            close(account=member.account, actor="agent:1", reason="décès")
            return end(intake)

        for kind in ("rib", ""):
            monkeypatch.setattr(UploadBatch, "end", closed_meanwhile)
            answer = send(browser_of(member), upload(pdf(2), "pendant.pdf"), kind=kind)
            monkeypatch.setattr(UploadBatch, "end", end)
            assert answer.status_code == 403
            assert "Votre espace est fermé" in sentences(answer)
            assert Document.objects.get().name == "avant.pdf"
            assert not PendingFile.objects.exists()
            assert objects_in(objects_folder) == kept
            type(member.account).objects.update(closed_at=None)
        assert earlier.status_code == 302

    @pytest.mark.parametrize("at", [0, 5000])
    def test_bytes_on_their_way_are_refused_and_leave_nothing_more(
        self, member: Member, signed_in: Client, objects_folder: Any, at: int
    ) -> None:
        address = announce(signed_in, LARGE, sending=FIRST)["Location"]
        if at:
            bring(signed_in, address, LARGE[:at])
        kept = objects_in(objects_folder)

        def closed_meanwhile(until: int) -> Iterator[bytes]:
            yield LARGE[at : until - 10]
            assert member.account
            closing.close(account=member.account, actor="agent:1", reason="décès")
            yield LARGE[until - 10 : until]

        for until in (9000, len(LARGE)):  # a part, and the whole
            with pytest.raises(Closed):
                resuming.receive(
                    member=member,
                    upload_id=uuid.UUID(address.split("/")[-2]),
                    offset=at,
                    length=until - at,
                    chunks=closed_meanwhile(until),
                )
            assert objects_in(objects_folder) == kept
            assert not PendingFile.objects.exists()
            assert member.account
            type(member.account).objects.update(closed_at=None)

    def test_nothing_is_announced_to_a_closed_account(self, member: Member) -> None:
        assert member.account
        closing.close(account=member.account, actor="agent:1", reason="décès")
        with pytest.raises(Closed):
            resuming.begin_upload(member=member, name="b.pdf", length=10)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """On a real PostgreSQL."""

    @staticmethod
    def together(count: int, act: Callable[[int], Any]) -> list[Any]:
        barrier = threading.Barrier(count)

        def one(number: int) -> Any:
            barrier.wait(20)
            try:
                return act(number)
            except (sending.SentAlready, sending.FilesGone, Closed) as error:
                return type(error).__name__
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    def test_eight_presses_make_one_receipt(self, member: Member) -> None:
        kept = preparing.keep_waiting(
            member=member, sending_id=uuid.UUID(FIRST), arrived=in_hand(), form=Form(kind="rib")
        )
        named = list(kept.pending_files.values_list("pk", flat=True))
        made = self.together(
            8,
            lambda _: (
                sending.send(
                    acting=on_own_file(member),
                    sending_id=kept.pk,
                    form=Form(kind="rib"),
                    files=FormFiles(named=named),
                ).number
            ),
        )
        assert len(set(made)) == 1
        assert Deposit.objects.count() == 1

    def test_eight_plain_forms_of_one_page_make_one_receipt(self, member: Member) -> None:
        made = self.together(
            8,
            lambda _: (
                sending.send(
                    acting=on_own_file(member),
                    sending_id=uuid.UUID(FIRST),
                    form=Form(kind="rib"),
                    files=FormFiles(in_hand()),
                ).number
            ),
        )
        assert len(set(made)) == 1
        assert Document.objects.count() == 1
        assert not UnclaimedObject.objects.exists()

    def test_closing_and_sending_at_once_leave_a_receipt_or_nothing(self, member: Member) -> None:
        assert member.account
        account = member.account
        for number in range(6):
            type(account).objects.update(closed_at=None)
            arrived = in_hand(content=pdf(number + 1))

            def act(who: int, arrived: Any = arrived) -> Any:
                if who:
                    return closing.close(account=account, actor="agent:1", reason="décès")
                return sending.send(
                    acting=on_own_file(member),
                    sending_id=uuid.uuid4(),
                    form=Form(kind="rib"),
                    files=FormFiles(arrived),
                ).number

            sent, closed = self.together(2, act)
            assert closed is True
            assert sent == "Closed" or Deposit.objects.filter(number=sent).exists()

    def test_a_file_that_ends_while_its_sending_leaves_is_never_lost(self, member: Member) -> None:
        for number in range(6):
            page = uuid.uuid4()
            kept = preparing.keep_waiting(
                member=member, sending_id=page, arrived=in_hand(), form=Form(kind="rib")
            )
            named = list(kept.pending_files.values_list("pk", flat=True))
            begun = resuming.begin_upload(
                member=member, name=f"{number}.pdf", length=len(LARGE), sending_id=page
            )

            def act(
                who: int, page: uuid.UUID = page, named: list[uuid.UUID] = named, begun: Upload = begun
            ) -> Any:
                if who:
                    return resuming.receive(
                        member=member, upload_id=begun.pk, offset=0, length=len(LARGE), chunks=[LARGE]
                    ).offset
                return sending.send(
                    acting=on_own_file(member),
                    sending_id=page,
                    form=Form(kind="rib"),
                    files=FormFiles(named=named),
                ).number

            number_given, offset = self.together(2, act)
            assert offset == len(LARGE)
            arrived = PendingFile.objects.get(pk=begun.pk)
            assert arrived.sending is not None
            assert arrived.sending.deposit is None
            assert [
                document.pk for document in Document.objects.filter(deposit__number=number_given)
            ] == named
            arrived.delete()
            Sending.objects.filter(deposit=None).delete()
