"""Register files by the exchange folder: within every bound, or not at all."""

import json

import pytest

from adherents.folder.endings import Ending
from adherents.folder.models import BatchState, FolderBatch
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member, Source
from adherents.members.services import import_files as importing
from adherents.members.services.batch import put_members
from tests.cast import CAMILLE, EVERYBODY, JEAN_FRANCOIS
from tests.folder.exchange import Exchange, fin_of
from tests.members.doors import said_of
from tests.members.importing import CAST
from tests.members.member_file import child_of, line_of

pytestmark = pytest.mark.django_db


def facts() -> list[tuple[object, ...]]:
    return list(
        Member.objects.order_by("pk").values_list("number", "birth_name", "email", "source", "gone_at")
    )


def test_members_and_beneficiaries_of_one_name_come_in_together_and_say_where_they_came_from(
    exchange: Exchange,
) -> None:
    exchange.put_register("nuit", CAST, [child_of(CAMILLE)])
    assert exchange.go() is Ending.WELL
    assert Member.objects.filter(source=Source.FOLDER).count() == len(CAST)
    assert Beneficiary.objects.get().source == Source.FOLDER
    [batch] = FolderBatch.objects.all()
    assert exchange.files("members") + exchange.files("beneficiaries") == []
    assert exchange.files("done") == [
        f"{batch.place}/{name}"
        for name in (
            "beneficiaries/nuit.csv",
            "beneficiaries/nuit.fin",
            "members/nuit.csv",
            "members/nuit.fin",
            "rapport.txt",
        )
    ]
    assert f"Lot n° {batch.pk} : nuit (adhérents)" in exchange.report()
    assert "9 nouveaux" in exchange.report()
    taken = Entry.objects.get(event="folder.batch_taken")
    assert taken.details == {"batch": batch.pk, "kind": "members", "lines": 9, "refused_lines": 0}
    assert exchange.go() is Ending.WELL
    assert FolderBatch.objects.count() == 1


def test_a_file_of_the_same_name_again_is_a_batch_of_its_own_and_changes_what_it_says(
    exchange: Exchange,
) -> None:
    exchange.put_register("nuit", CAST)
    exchange.go()
    exchange.put_register("nuit", CAST)
    assert exchange.go() is Ending.WELL
    assert "9 inchangés" in exchange.report()
    exchange.put_register("nuit", [*CAST[:-1], line_of(EVERYBODY[-1], email="neuve@example.org")])
    assert exchange.go() is Ending.WELL
    assert "1 modifiés" in exchange.report()
    assert FolderBatch.objects.filter(state=BatchState.FINISHED).count() == 3


def test_a_refused_line_stops_no_other_and_is_told_without_what_it_holds(exchange: Exchange) -> None:
    exchange.put_register("nuit", [*CAST[:-1], line_of(EVERYBODY[-1], date_naissance="31/02/1999")])
    assert exchange.go() is Ending.WELL
    assert Member.objects.count() == 8
    assert f"adhérents, ligne 10 ({EVERYBODY[-1].number}) : date_naissance :" in exchange.report()
    assert "31/02/1999" not in exchange.report()


def test_a_file_of_which_no_line_could_be_done_is_refused_as_a_batch_of_papers_is(exchange: Exchange) -> None:
    put_members(lines=[json.dumps(said_of(line)).encode() for line in CAST], actor="client/1")
    before = facts()
    impossible = line_of(EVERYBODY[-1], date_naissance="31/02/1999")
    another = line_of(JEAN_FRANCOIS, numero_adherent=CAMILLE.number)
    for name, members, covered in (
        ("date", [impossible], []),
        ("personne", [another], []),
        ("deux", [impossible, another], []),
        ("couverts", [another], [child_of(CAMILLE, date_naissance="31/02/1999")]),
    ):
        exchange.put_register(name, members, covered or None)
        assert exchange.go() is Ending.REFUSED, name
        assert "rien n’a été fait." in exchange.report()
        assert "Aucune ligne n’a pu être appliquée." in exchange.report()
        assert "ligne 2 (" in exchange.report()
        assert FolderBatch.objects.latest("pk").refused
    assert exchange.files("done") == []
    assert facts() == before
    exchange.put_register("autre", [impossible], [child_of(EVERYBODY[-1])])
    assert exchange.go() is Ending.WELL  # a line of one of its two files was done
    exchange.put_register("un", [impossible, CAST[0]])
    assert exchange.go() is Ending.WELL


def test_a_file_past_a_bound_goes_to_refused_and_nothing_of_it_is_applied(exchange: Exchange) -> None:
    exchange.put_register("un", CAST)
    exchange.go()
    before = facts()
    exchange.put_register(
        "deux", [*CAST[:4], line_of(CAMILLE, numero_adherent="70199999", email="n@example.org")]
    )
    assert exchange.go() is Ending.TOO_MANY
    assert facts() == before
    assert "rien n’a été changé" in exchange.report()
    assert "5 absents du fichier" in exchange.report()
    others = [line_of(JEAN_FRANCOIS, numero_adherent=person.number) for person in EVERYBODY]
    exchange.put_register("trois", others)
    assert exchange.go() is Ending.TOO_MANY
    assert "Changements de personne" in exchange.report()
    assert facts() == before
    assert len(exchange.files("refused")) == 6


def test_a_file_that_may_be_cut_is_not_applied_though_an_import_by_hand_would_apply_the_rest(
    exchange: Exchange,
) -> None:
    many = [line_of(CAMILLE, numero_adherent=f"7011{n:04d}", prenoms=f"P{n}") for n in range(100)]
    exchange.put_register("un", many)
    exchange.go()
    exchange.put_register("deux", [line_of(CAMILLE, numero_adherent="70200000"), *many[:90]])
    assert exchange.go() is Ending.DOUBTFUL
    assert "Un fichier est peut-être coupé" in exchange.report()
    assert "Fichier douteux" in exchange.report()
    assert Member.objects.filter(gone_at__isnull=True).count() == 100
    assert not Member.objects.filter(number="70200000").exists()
    exchange.put_register("trois", many[:90])
    assert exchange.go() is Ending.DOUBTFUL


def test_a_batch_is_left_alone_until_its_fin_is_there_and_the_beneficiaries_that_were_begun_too(
    exchange: Exchange,
) -> None:
    exchange.put_register("nuit", CAST, [child_of(CAMILLE)])
    (exchange.path / "members" / "nuit.fin").rename(exchange.path / "kept")
    assert exchange.go() is Ending.WELL
    assert not FolderBatch.objects.exists()
    (exchange.path / "kept").rename(exchange.path / "members" / "nuit.fin")
    (exchange.path / "beneficiaries" / "nuit.fin").rename(exchange.path / "kept")
    assert exchange.go() is Ending.WELL
    assert not FolderBatch.objects.exists()
    (exchange.path / "kept").rename(exchange.path / "beneficiaries" / "nuit.fin")
    assert exchange.go() is Ending.WELL
    assert Beneficiary.objects.count() == 1


@pytest.mark.parametrize(
    ("fin", "words"),
    [
        ("", "ne nomme aucun fichier"),
        ("0" * 64 + "  nuit.csv\n", "n’a pas l’empreinte"),
        ("0" * 64 + "  autre.csv\n", "doit nommer nuit.csv, et lui seul"),
        ("0" * 64 + "  nuit.csv\n" + "0" * 64 + "  b.csv\n", "trop de fichiers"),
        ("0" * 64 + "  ../nuit.csv\n", "un nom a un chemin"),
        ("0" * 64 + "  /etc/passwd\n", "un nom a un chemin"),
        ("0" * 64 + "  .nuit.csv\n", "un point au début"),
        ("0" * 64 + "  nuit\u202e.csv\n", "un caractère invisible"),
        ("0" * 64 + "  nuit.csv\n" + "0" * 64 + "  nuit.csv\n", "est déjà nommé"),
        ("bonjour\n", "n’est pas une ligne de sha256sum"),
    ],
)
@pytest.mark.any_database
def test_a_fin_that_does_not_say_what_is_there_refuses_the_batch(
    exchange: Exchange, fin: str, words: str
) -> None:
    exchange.put_register("nuit", CAST)
    (exchange.path / "members" / "nuit.fin").write_text(fin)
    assert exchange.go() is Ending.REFUSED
    assert words in exchange.report()
    assert not Member.objects.exists()
    assert exchange.files("members") == []
    assert exchange.go() is Ending.WELL


@pytest.mark.any_database
def test_a_file_that_is_none_of_the_register_is_refused_in_the_words_of_the_import(
    exchange: Exchange,
) -> None:
    exchange.put_register("nuit", CAST)
    (exchange.path / "members" / "nuit.csv").unlink()
    assert exchange.go() is Ending.REFUSED
    assert "members/nuit.csv manque" in exchange.report()
    for content, words in (
        (b"", "est vide"),
        (b"a;b\n1;2\n", "Les colonnes"),
        (b"\x00" * 4096, "Les colonnes"),
    ):
        (exchange.path / "members" / "nuit.csv").write_bytes(content)
        (exchange.path / "members" / "nuit.fin").write_text(fin_of({"nuit.csv": content}).replace("  ", " *"))
        assert exchange.go() is Ending.REFUSED
        assert words in exchange.report()


@pytest.mark.any_database
def test_another_import_meanwhile_leaves_the_batch_for_the_next_round(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.put_register("nuit", CAST)
    with monkeypatch.context() as patched:
        patched.setattr(importing.last_files, "hold", lambda imports: False)
        assert exchange.go() is Ending.CHANGED_MEANWHILE
    assert not Member.objects.exists()
    assert exchange.go() is Ending.WELL
    assert Member.objects.count() == 9
    assert FolderBatch.objects.count() == 1
