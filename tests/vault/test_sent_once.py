"""A sending leaves once or not at all: asked again, by eight at once, and while the account closes."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
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
from adherents.vault.uploads import services as resuming
from tests.vault.conftest import FIRST, SECOND, browser_of, objects_in, pdf, send, upload
from tests.vault.tus_client import SEND as PAGE
from tests.vault.tus_requests import LARGE, announce, bring, brought

Text = Callable[[Any], str]


def in_hand(name: str = "a.pdf", content: bytes | None = None) -> Any:
    """A file that came with a form."""
    intake = UploadBatch()
    intake.begin(name).write(content or pdf())
    intake.end()
    return intake.take()


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
        assert signed_in.get(f"{PAGE}?sending={FIRST}")["Location"] == receipt

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
                f"{PAGE}?sending={FIRST}", body, headers={"Accept": "application/json"}
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
            f"{PAGE}?sending={FIRST}", {"kind": "attestation_secu", "files": [upload(pdf(), "a.pdf")]}
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
        assert signed_in.post(f"{PAGE}?sending={FIRST}", {**body, "kind": "rien"}, **asked).json() == {
            "receipt": ""
        }
        answers = [signed_in.post(f"{PAGE}?sending={FIRST}", body, **asked) for _ in range(2)]
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
