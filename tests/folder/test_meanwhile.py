"""What changes while a round is at work, or between two: a batch is taken back, a list is lost, the profile is another."""

import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command

from adherents.folder import disk
from adherents.folder.endings import Ending
from adherents.folder.models import DeliveryState, FolderBatch, FolderDelivery, FolderOriginal
from adherents.folder.services import delivering, papers, registers, rounds
from adherents.members.models import Beneficiary, Member
from adherents.storage.objects import StorageFailed
from adherents.vault.models import Document
from adherents.vault.services.rendition import draw_due
from tests.cast import CAMILLE
from tests.folder.exchange import Exchange
from tests.folder.test_outgoing import decide, waiting, with_folder
from tests.members.importing import CAST
from tests.members.member_file import child_of
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db


def leave_alone(*given: Any, **named: Any) -> None:
    raise disk.LeftAlone("rien ne va")


def test_a_batch_whose_fin_is_taken_back_stops_no_other(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_register("nuit", CAST)
    for name in ("a", "b"):
        exchange.put_papers(name, [(member.number, "rib", "", "", "a.pdf")], {"a.pdf": pdf(words=name)})

    def taken_back(real: Any, fin: Path) -> Any:
        def take(**given: Any) -> Any:
            fin.unlink(missing_ok=True)
            return real(**given)

        return take

    for taking, fin in (("take_register", "members/nuit.fin"), ("take_papers", "documents/a.fin")):
        module = registers if taking == "take_register" else papers
        monkeypatch.setattr(rounds, taking, taken_back(getattr(module, taking), exchange.path / fin))
    assert exchange.go() is Ending.WELL
    assert [document.name for document in Document.objects.all()] == ["a.pdf"]
    assert "documents/a a été retiré avant d’être pris." in exchange.said
    assert "members/nuit a été retiré avant d’être pris." in exchange.said
    exchange.go()
    assert exchange.files("documents") == ["a/a.pdf", "a/index.csv"]


def test_a_list_that_is_lost_before_it_has_its_place_is_written_again(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(waiting(member)[0])
    with monkeypatch.context() as killed:
        killed.setattr(delivering, "_place", leave_alone)
        assert exchange.go() is Ending.TROUBLE
    assert FolderDelivery.objects.get().state == DeliveryState.WRITTEN
    shutil.rmtree(exchange.path / disk.PRIVATE / disk.OUTBOX / FolderDelivery.objects.get().name)
    assert exchange.go() is Ending.WELL
    assert len(exchange.rows("decisions")) == 1


def test_an_original_that_cannot_be_read_holds_up_no_decision(
    exchange: Exchange, member: Member, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_folder(settings, originals=True)
    deposited(member, pdf())
    draw_due()

    def broken(*given: Any, **named: Any) -> None:
        raise StorageFailed

    monkeypatch.setattr("adherents.folder.services.giving._opened", broken)
    assert exchange.go() is Ending.TROUBLE
    decide(waiting(member)[0])
    assert exchange.go() is Ending.TROUBLE
    assert len(exchange.rows("decisions")) == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_to_be_sealed_is_never_given_in_clear(
    exchange: Exchange, member: Member, settings: Any, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    """`wanted`: originals still are, when the recipient is gone from the profile."""
    with_folder(settings, originals=True, recipient=str(pyrage.x25519.Identity.generate().to_public()))
    deposited(member, pdf())
    draw_due()
    with monkeypatch.context() as killed:
        killed.setattr("adherents.folder.services.delivering.disk.write", leave_alone)
        assert exchange.go() is Ending.TROUBLE
    assert FolderOriginal.objects.get().file_name.endswith(".pdf.age")
    with_folder(settings, originals=wanted, recipient="")
    assert exchange.go() is Ending.WELL
    assert exchange.files("originals") == []


def test_a_batch_that_cannot_be_moved_has_its_report(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_papers("cartes", [(member.number, "rib", "", "", "a.pdf")], {"a.pdf": pdf()})
    monkeypatch.setattr("adherents.folder.services.batches.disk.move", leave_alone)
    assert exchange.go() is Ending.TROUBLE
    assert "Documents déposés : 1." in exchange.report()
    assert FolderBatch.objects.settled().count() == 1


def test_what_is_said_in_logs_names_the_batch_and_no_paper(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"Durand {member.number}.pdf"
    exchange.put_papers("cartes", [(member.number, "rib", "", "", name)], {name: pdf()})

    def refused(*given: Any) -> None:
        raise disk.LeftAlone("interdit", name)

    monkeypatch.setattr("adherents.folder.services.papers._digest", refused)
    assert exchange.go() is Ending.TROUBLE
    assert exchange.said == ["documents/cartes : interdit"]


def test_a_report_repeats_no_number_that_is_no_members(exchange: Exchange, member: Member) -> None:
    nir = "2 54 03 75 108 001 46"
    lines = [
        (nir, "rib", "", "n\u0000om", "a.pdf"),
        (nir, "rib", "", "", "a.pdf"),
        (member.number, "x", "", "", "a.pdf"),
    ]
    exchange.put_papers("cartes", lines, {"a.pdf": pdf()})
    exchange.go()
    assert nir not in exchange.report()
    assert f"({member.number})" in exchange.report()


@pytest.mark.parametrize("pause", ["0", "-1", "nan", "inf", "3600"])
def test_a_pause_that_would_end_the_watch_or_never_rest_is_refused(tmp_path: Path, pause: str) -> None:
    with pytest.raises(CommandError, match="argument --pause"):
        call_command("watch_folder", str(tmp_path), "--pause", pause)


def test_beneficiaries_that_come_before_an_earlier_batch_was_moved_wait_for_their_own(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first night's batch is settled and lies there still; the next night's beneficiaries arrive under its name."""
    with monkeypatch.context() as stuck:
        stuck.setattr("adherents.folder.services.batches.disk.move", leave_alone)
        exchange.put_register("nuit", CAST, [child_of(CAMILLE)])
        assert exchange.go() is Ending.TROUBLE
    next_night = [child_of(CAMILLE), child_of(CAMILLE, 2, prenoms="Nora")]
    exchange.put_covered("nuit", next_night)
    assert exchange.go() is Ending.WELL
    assert exchange.files("beneficiaries") == ["nuit.csv", "nuit.fin"]
    exchange.put_register("nuit", CAST, next_night)
    assert exchange.go() is Ending.WELL
    assert [covered.rank for covered in Beneficiary.objects.order_by("rank")] == [1, 2]
    assert exchange.files("beneficiaries") == []


@pytest.mark.parametrize(("on_disk", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_letter_with_its_accent_is_the_same_however_it_is_written(
    exchange: Exchange, member: Member, on_disk: str, written: str
) -> None:
    name = "reçu été.pdf"
    there, said = (unicodedata.normalize(form, name) for form in (on_disk, written))  # type: ignore[arg-type]
    content = pdf()
    batch = exchange.put_papers("cartes", [(member.number, "rib", "", "", said)], {said: content})
    (batch / said).rename(batch / there)
    assert exchange.go() is Ending.WELL
    assert Document.objects.get().name == name


def test_an_index_that_names_nothing_is_refused(exchange: Exchange) -> None:
    exchange.put_papers("vide", [], {})
    assert exchange.go() is Ending.REFUSED
    assert "index.csv ne nomme aucun document." in exchange.report()
