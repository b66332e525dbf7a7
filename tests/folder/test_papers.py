"""The insurer's papers by the exchange folder: into the vault by the API's own service, each once."""

from pathlib import Path

import pytest

from adherents.folder import disk
from adherents.folder.endings import Ending
from adherents.folder.models import FolderBatch, FolderPaper
from adherents.folder.services import papers
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Beneficiary, Member
from adherents.storage.objects import StorageFailed
from adherents.storage.sealing import Sealer
from adherents.vault.models import Deposit, Document
from adherents.vault.origins import Origin
from adherents.vault.services.rendition import draw_due
from tests.folder.exchange import Exchange
from tests.vault.conftest import browser_of, objects_in, pdf

pytestmark = pytest.mark.django_db


def test_a_batch_of_papers_enters_the_vault_as_by_the_api(
    exchange: Exchange, member: Member, other_member: Member
) -> None:
    covered = Beneficiary.objects.create(member=member, rank=2, birth_name="DUPONT", first_names="Lou")
    lines = [
        (member.number, "rib", "2", "Carte 2027.pdf", "a.pdf"),
        (other_member.number, "releve_prestations", "", "", "b.pdf"),
    ]
    exchange.put_papers("cartes", lines, {"a.pdf": pdf(), "b.pdf": pdf(words="Autre")})
    assert exchange.go() is Ending.WELL
    first, second = Document.objects.order_by("name")
    assert (first.name, first.member, first.beneficiary, first.origin) == (
        "Carte 2027.pdf",
        member,
        covered,
        Origin.INSURER,
    )
    assert (second.name, second.member, second.kind) == ("b.pdf", other_member, "releve_prestations")
    entered = Entry.objects.about(first.subject).get(event="vault.document_deposited")
    assert entered.actor.startswith("client:")
    assert "Documents déposés : 2." in exchange.report()
    [batch] = FolderBatch.objects.all()
    assert exchange.files("documents") == []
    assert f"{batch.place}/documents/cartes/a.pdf" in exchange.files("done")
    draw_due()
    page = browser_of(member).get(f"/adherent/documents/{first.pk}/").content.decode()
    assert "Votre mutuelle l’a déposé ici." in page
    assert OutboxMail.objects.count() == 2


def test_a_line_that_is_refused_stops_no_other_and_says_why(exchange: Exchange, member: Member) -> None:
    lines = [
        ("79999999", "rib", "", "", "a.pdf"),
        (member.number, "inconnue", "", "", "b.pdf"),
        (member.number, "rib", "7", "", "c.pdf"),
        (member.number, "rib", "", "", "d.pdf"),
        (member.number, "rib", "", "", "e.pdf"),
        (member.number, "rib", "", "", "f.pdf"),
        (member.number, "rib", "", "", "f.pdf"),
    ]
    files = {name: pdf(words=name) for name in ("a.pdf", "b.pdf", "c.pdf", "f.pdf")}
    files |= {"d.pdf": b"MZ rien", "e.pdf": pdf(password="x")}
    exchange.put_papers("cartes", lines, files)
    assert exchange.go() is Ending.WELL
    assert Document.objects.get().name == "f.pdf"
    report = exchange.report()
    for words in (
        "index.csv, ligne 2 : numero_adherent : cet adhérent n’est pas dans le registre.",
        f"index.csv, ligne 3 ({member.number}) : nature : le profil n’a pas cette nature de document.",
        f"index.csv, ligne 4 ({member.number}) : rang : cet adhérent n’a pas de bénéficiaire de ce rang.",
        f"index.csv, ligne 5 ({member.number}) : fichier : Ce format n’est pas accepté.",
        f"index.csv, ligne 6 ({member.number}) : fichier : Ce PDF est protégé",
        "index.csv, ligne 8 : la ligne 7 dépose déjà ce document.",
        "Documents déposés : 1. Déjà déposés : 1. Lignes refusées : 5.",
    ):
        assert words in report
    assert "79999999" not in report


def test_the_same_batch_again_deposits_nothing_a_second_time_and_a_mended_one_only_what_is_new(
    exchange: Exchange, member: Member
) -> None:
    line, files = (member.number, "rib", "", "", "a.pdf"), {"a.pdf": pdf()}
    for _ in range(2):
        exchange.put_papers("cartes", [line], files)
        assert exchange.go() is Ending.WELL
    assert "Documents déposés : 0. Déjà déposés : 1." in exchange.report()
    assert (
        f"déjà déposé par le lot n° {FolderPaper.objects.get().batch_id}, du même nom." in exchange.report()
    )
    exchange.put_papers(
        "cartes", [line, (member.number, "rib", "", "", "b.pdf")], files | {"b.pdf": pdf(words="Neuf")}
    )
    assert exchange.go() is Ending.WELL
    assert [Document.objects.count(), Deposit.objects.count()] == [2, 2]
    exchange.put_papers("autres", [line], files)
    exchange.go()
    assert Document.objects.count() == 3


@pytest.mark.any_database
def test_what_is_missing_in_surplus_or_other_refuses_the_whole_batch(
    exchange: Exchange, member: Member
) -> None:
    lines, files = [(member.number, "rib", "", "", "a.pdf")], {"a.pdf": pdf()}

    def refused(words: str) -> None:
        assert exchange.go() is Ending.REFUSED
        assert words in exchange.report()
        assert not Document.objects.exists()
        assert exchange.files("documents") == []

    (exchange.put_papers("un", lines, files) / "a.pdf").unlink()
    refused("Des fichiers manquent : a.pdf.")
    (exchange.put_papers("deux", lines, files) / "b.pdf").write_bytes(b"x")
    refused("Des fichiers sont en trop : le .fin ne les nomme pas : b.pdf.")
    exchange.put_papers("trois", lines, files | {"b.pdf": pdf()})
    refused("Des fichiers sont en trop : l’index ne les nomme pas : b.pdf.")
    (exchange.put_papers("quatre", lines, files) / "a.pdf").write_bytes(pdf(words="Autre"))
    refused("Des fichiers n’ont pas l’empreinte que dit le .fin : a.pdf.")
    exchange.put_papers("cinq", [*lines, (member.number, "rib", "", "", "../members/x.csv")], files)
    refused("index.csv, ligne 3 : son fichier n’est pas dans le lot.")
    (exchange.put_papers("six", lines, files) / "index.csv").write_text("a;b\n")
    refused("n’ont pas l’empreinte")
    (exchange.path / "documents" / "sept.fin").write_text("0" * 64 + "  index.csv\n")
    refused("Le dossier documents/sept manque")
    exchange.put_papers("huit", [(member.number, "rib")], files)
    refused("index.csv, ligne 2 : le nombre de colonnes")
    exchange.put_papers("neuf", [], files)
    refused("l’index ne les nomme pas : a.pdf")


@pytest.mark.any_database
def test_a_file_that_changes_after_it_was_hashed_enters_nothing(
    exchange: Exchange, member: Member, objects_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = exchange.put_papers(
        "cartes",
        [(member.number, "rib", "", "", name) for name in ("a.pdf", "b.pdf", "c.pdf")],
        {"a.pdf": pdf(), "b.pdf": pdf(words="Bon"), "c.pdf": pdf(words="Parti")},
    )
    look = papers._looked_at

    def looked_at(*args: object) -> object:
        lines = look(*args)  # type: ignore[arg-type]
        (batch / "a.pdf").write_bytes(pdf(words="Echange"))
        (batch / "c.pdf").unlink()
        (batch / "c.pdf").symlink_to("/etc/passwd")
        return lines

    monkeypatch.setattr(papers, "_looked_at", looked_at)
    assert exchange.go() is Ending.WELL
    assert [document.name for document in Document.objects.all()] == ["b.pdf"]
    assert len(objects_in(objects_folder)) == 1
    assert exchange.report().count("le fichier a changé pendant qu’il était lu.") == 2


def test_a_storage_or_a_disk_that_takes_nothing_leaves_the_batch_which_goes_on_afterwards(
    exchange: Exchange, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_papers(
        "cartes",
        [(member.number, "rib", "", "", name) for name in ("a.pdf", "b.pdf")],
        {"a.pdf": pdf(), "b.pdf": pdf(words="Deux")},
    )
    commit, kept = Sealer.commit, []

    def full(sealer: Sealer) -> object:
        if kept:
            sealer.abort()
            raise StorageFailed("full")
        kept.append(1)
        return commit(sealer)

    with monkeypatch.context() as patched:
        patched.setattr(Sealer, "commit", full)
        assert exchange.go() is Ending.TROUBLE
    assert "le stockage ne l’a pas pris" in exchange.said[0]
    assert Document.objects.count() == 1
    assert exchange.go() is Ending.WELL
    assert Document.objects.count() == 2
    assert "Documents déposés : 2. Déjà déposés : 0." in exchange.report()
    assert FolderBatch.objects.count() == 1


def test_a_batch_that_was_begun_and_is_replaced_keeps_what_was_deposited_and_says_so(
    exchange: Exchange, member: Member
) -> None:
    names, stops = ["a.pdf", "b.pdf"], iter([False] * 6 + [True] * 20)
    files = {name: pdf(words=name) for name in names}
    lines = [(member.number, "rib", "", "", name) for name in names]
    batch = exchange.put_papers("cartes", lines, files)
    exchange.go(is_stopping=lambda: Document.objects.exists() or next(stops))
    assert Document.objects.count() == 1
    disk.remove(batch.name, exchange.folder[disk.DOCUMENTS])
    exchange.put_papers(
        "cartes", [*lines, (member.number, "rib", "", "", "c.pdf")], files | {"c.pdf": pdf(words="c")}
    )
    assert exchange.go() is Ending.WELL
    assert Document.objects.count() == 3
    exchange.go()
    [begun] = exchange.path.glob("refused/*/rapport.txt")
    assert "remplacé par un autre lot du même nom" in begun.read_text()
    assert "1 documents étaient déjà déposés" in begun.read_text()
