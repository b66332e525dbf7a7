"""How much one member may send, in a day and in all: the same bound on each way in, said before choosing, with what to do."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from adherents.insurer.treatment import Room
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.messaging.models import Message
from adherents.vault.models import Deposit, Document, PendingFile, Upload
from adherents.vault.refusals import FileRefusal
from adherents.vault.services import sending
from adherents.vault.services.allowance import room_of
from adherents.vault.services.deposit import Form, NothingArrived
from adherents.vault.services.erasing import take_back
from adherents.vault.services.from_insurer import deposit_for_member
from adherents.vault.services.receiving import FormFiles, UploadBatch
from adherents.vault.uploads import services as resuming
from tests.vault.conftest import deposited, pdf, picture, send, upload

Text = Callable[[Any], str]
Bounds = Callable[..., None]
pytestmark = pytest.mark.django_db
DAY, ALL = "Envoyez ce fichier demain", "Votre espace est plein"


@pytest.fixture
def bounds(settings: Any) -> Bounds:
    """The profile's, but for what a test says. Sizes in MB, as there."""

    def set_to(**values: int) -> None:
        profile = settings.ADHERENTS_PROFILE
        given = {"files_a_day": 200, "mb_a_day": 1000, "files": 3000, "mb": 6000} | values
        documents = profile.documents.model_copy(update={"room": Room.model_construct(**given)})
        settings.ADHERENTS_PROFILE = profile.model_copy(update={"documents": documents})

    return set_to


def heavy(megabytes: float) -> bytes:
    return pdf() + b"\n%%EOF\n" * int(megabytes * (1 << 20) / 7)


def plain_form(client: Client, content: bytes) -> str:
    return str(send(client, upload(content)).content.decode())


def resumed(client: Client, content: bytes) -> str:
    headers: dict[str, Any] = {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_LENGTH": str(len(content))}
    answer = client.post("/adherent/documents/envoyer/fichiers/", **headers)
    return str(answer.json()["sentence"] if answer.status_code != 201 else "")


def message(client: Client, content: bytes) -> str:
    fields = {"subject": "Ma carte", "body": "La voici.", "files": [upload(content)]}
    return str(client.post("/adherent/messages/nouveau/", fields).content.decode())


WAYS = [plain_form, resumed, message]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("bound", "words"),
    [({"files_a_day": 2}, DAY), ({"mb_a_day": 2}, DAY), ({"files": 2}, ALL), ({"mb": 2}, ALL)],
)
def test_past_each_bound_each_way_in_says_when_or_what_to_do(
    member: Member, signed_in: Client, bounds: Bounds, way: Any, bound: dict[str, int], words: str
) -> None:
    for _ in range(2):
        deposited(member, heavy(0.7))
    bounds(**bound)
    assert words in way(signed_in, heavy(0.7))
    assert Document.objects.count() == 2
    assert not PendingFile.objects.exists()
    assert not Upload.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("way", WAYS)
def test_within_the_bounds_each_way_in_is_open(
    member: Member, signed_in: Client, bounds: Bounds, way: Any
) -> None:
    deposited(member, heavy(0.7))
    bounds(files_a_day=2, files=2, mb_a_day=2, mb=2)
    answer = way(signed_in, pdf())
    assert DAY not in answer
    assert ALL not in answer
    assert Document.objects.count() + Upload.objects.count() == 2


def test_of_several_files_those_that_fit_enter_and_the_others_are_told_on_the_receipt(
    member: Member, signed_in: Client, bounds: Bounds
) -> None:
    bounds(mb_a_day=2)
    send(signed_in, *(upload(heavy(0.9), f"{number}.pdf") for number in range(3)), upload(pdf(), "petit.pdf"))
    made = Deposit.objects.get()
    assert [document.name for document in made.documents.order_by("rank")] == ["0.pdf", "1.pdf", "petit.pdf"]
    assert made.refused == [{"name": "2.pdf", "reason": FileRefusal.FULL_TODAY.value}]


def test_tomorrow_there_is_room_again(member: Member, bounds: Bounds, time_machine: Any) -> None:
    time_machine.move_to("2026-11-23 22:30:00+00:00")  # 23:30 in Paris
    deposited(member, pdf())
    bounds(files_a_day=1)
    assert room_of(member).refusal_of(1) == FileRefusal.FULL_TODAY
    time_machine.move_to("2026-11-23 23:01:00+00:00")
    assert room_of(member).refusal_of(1) is None


def test_what_is_taken_back_gives_its_room_back_and_not_its_day(member: Member, bounds: Bounds) -> None:
    document = deposited(member, pdf())
    bounds(files=1)
    assert room_of(member).refusal_of(1) == FileRefusal.FULL
    take_back(acting=on_own_file(member), document_id=document.pk)
    assert room_of(member).refusal_of(1) is None
    bounds(files_a_day=1)
    assert room_of(member).refusal_of(1) == FileRefusal.FULL_TODAY


def test_what_the_insurer_deposits_takes_no_room(member: Member) -> None:
    before = room_of(member)
    deposit_for_member(member=member, kind="rib", name="carte.pdf", chunks=[pdf()], actor="api:1")
    assert room_of(member) == before


def test_each_photo_of_those_that_are_gathered_counts(member: Member, signed_in: Client) -> None:
    before = room_of(member)
    photos = [picture(), picture(size=(300, 300))]
    send(signed_in, *(upload(photo, "x.jpg") for photo in photos), gather="on")
    after = room_of(member)
    assert before.files - after.files == before.files_today - after.files_today == 2
    assert before.octets - after.octets == sum(map(len, photos))


def test_what_is_on_its_way_counts(member: Member, bounds: Bounds) -> None:
    bounds(files_a_day=1)
    resuming.begin_upload(member=member, name="a.pdf", length=10)
    assert room_of(member).refusal_of(1) == FileRefusal.FULL_TODAY


@pytest.mark.parametrize("page", ["/adherent/documents/envoyer/", "/adherent/messages/nouveau/"])
def test_the_bounds_are_said_before_choosing_and_what_is_left_where_it_is_little(
    member: Member, signed_in: Client, bounds: Bounds, sentences: Text, page: str
) -> None:
    def said() -> str:
        return sentences(signed_in.get(page)).replace("\u00a0", " ").replace("\u202f", " ")

    assert "En un jour, 200 fichiers et 1 Go ; en tout, 3 000 fichiers et 6 Go." in said(), said()
    assert "Il vous reste" not in said()
    bounds(files_a_day=3)
    assert "Il vous reste aujourd’hui de la place pour 3 fichiers" in said()
    deposited(member, pdf())
    bounds(files=1)
    assert ALL in said()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["announced", "deposited"])
def test_twenty_at_once_never_pass_the_bound(member: Member, bounds: Bounds, way: str) -> None:
    bounds(files_a_day=7)
    together = threading.Barrier(20)

    def bring(number: int) -> bool:
        try:
            if way == "announced":
                together.wait(30)
                resuming.begin_upload(member=member, name=f"{number}.pdf", length=10)
                return True
            intake = UploadBatch()  # as a request that began while there was room
            intake.begin("a.pdf").write(pdf())
            intake.end()
            together.wait(30)
            sending.send(
                acting=on_own_file(member),
                sending_id=uuid.uuid4(),
                form=Form("rib"),
                files=FormFiles(intake.take()),
            )
        except (resuming.NotAccepted, NothingArrived):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(bring, range(20))) == 7
    assert Upload.objects.count() + Document.objects.count() == 7
