"""A file that may be cut ends no member: cut in the middle of a row, without its last line end, on a line end, by a full disk."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from adherents.demo import invented
from adherents.members.models import Beneficiary, LastFile, LastMemberLine, Member
from adherents.members.services.import_files import Report, TooManyGone, import_files
from tests.cast import EVE
from tests.members.importing import CAST, counts, run
from tests.members.member_file import child_of, write, write_beneficiaries

pytestmark = pytest.mark.django_db
HOW_MANY = 100


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """A hundred members, imported already: the bytes of their file."""
    path = tmp_path / "whole.csv"
    invented.write_member_file(path, invented.members(HOW_MANY))
    assert counts(import_files(members=path, apply=True)) == (HOW_MANY, 0, 0, 0, 0)
    return path.read_bytes()


def imported(folder: Path, content: bytes, **options: object) -> Report:
    path = folder / "next.csv"
    path.write_bytes(content)
    return import_files(members=path, apply=True, **options)  # type: ignore[arg-type]


def rows_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def present() -> int:
    return Member.objects.filter(gone_at__isnull=True).count()


@pytest.mark.parametrize("share", [0.82, 0.85, 0.9, 0.97, 0.999])
def test_a_file_cut_anywhere_ends_nobody(tmp_path: Path, whole: bytes, share: float) -> None:
    report = imported(tmp_path, whole[: int(len(whole) * share)])
    assert report.members.doubts
    assert present() == HOW_MANY
    assert report.members.gone == 0


def test_the_command_says_so_and_ends_with_4_with_the_rest_applied(tmp_path: Path, whole: bytes) -> None:
    path, out = tmp_path / "cut.csv", io.StringIO()
    rows = rows_of(whole)
    rows[1] = rows[1].replace(b";fr;", b";en;")
    content = b"".join(rows)
    path.write_bytes(content[: int(len(content) * 0.85)])
    with pytest.raises(CommandError) as ended:
        call_command("import_members", str(path), "--apply", stdout=out)
    assert ended.value.returncode == 4
    assert "Fichier douteux, personne n’est donc retiré" in out.getvalue()
    assert "1 modifiés" in out.getvalue()
    assert present() == HOW_MANY
    # Without --apply the plan is told, with its doubt, and nothing else: 0.
    call_command("import_members", str(path), stdout=out)


def test_the_mark_that_dos_writes_at_the_end_is_no_line_and_no_doubt(tmp_path: Path, whole: bytes) -> None:
    """Or an insurer whose program writes one could never end anybody."""
    rows = rows_of(whole)
    del rows[50]
    report = imported(tmp_path, b"".join(rows) + b"\x1a", expect_rows=HOW_MANY - 1)
    assert report.members.doubts == []
    assert report.members.refused == 0
    assert (report.members.gone, present()) == (1, HOW_MANY - 1)


@pytest.mark.parametrize("ending", [b"", b"\r", b"\x1a", b"\x00\x00", b'"x"'])
def test_a_last_line_without_its_end_is_in_doubt(tmp_path: Path, whole: bytes, ending: bytes) -> None:
    rows = rows_of(whole)
    kept = b"".join(rows[:-5]) + rows[-5].rstrip(b"\r\n") + ending
    if ending == b"\r":  # the line end of an old system is one
        assert imported(tmp_path, kept, expect_rows=HOW_MANY - 4).members.doubts == []
        return
    report = imported(tmp_path, kept)
    assert report.members.doubts
    assert present() == HOW_MANY


def test_a_short_last_line_may_name_somebody_else_and_stays_in_doubt(tmp_path: Path, whole: bytes) -> None:
    rows = rows_of(whole)
    cut = b"".join(rows[:50]) + b"".join(rows[51:-1]) + rows[-1][:4] + b"\n"
    report = imported(tmp_path, cut, expect_rows=HOW_MANY - 1)
    assert any("colonnes" in str(doubt) for doubt in report.members.doubts)
    assert present() == HOW_MANY


def test_a_short_line_in_the_middle_is_refused_and_nothing_more(tmp_path: Path, whole: bytes) -> None:
    rows = rows_of(whole)
    rows[10] = b";".join(rows[10].split(b";")[:3]) + b"\n"
    del rows[20]
    report = imported(tmp_path, b"".join(rows))
    assert report.members.doubts == []
    assert (report.members.refused, report.members.gone) == (1, 1)


@pytest.mark.parametrize(("missing", "ended"), [(1, 1), (3, 3), (4, 0), (15, 0)])
def test_the_last_lines_of_the_last_file_in_one_block_of_more_than_three(
    tmp_path: Path, whole: bytes, missing: int, ended: int
) -> None:
    report = imported(tmp_path, b"".join(rows_of(whole)[:-missing]))
    assert report.members.gone == ended
    assert present() == HOW_MANY - ended
    assert bool(report.members.doubts) is (ended == 0)
    # The same cut file again finds the same doubt: it never became the last one.
    again = imported(tmp_path, b"".join(rows_of(whole)[:-missing]))
    assert again.members.gone == 0
    assert present() == HOW_MANY - ended


def test_somebody_who_left_elsewhere_does_not_hide_the_missing_end(tmp_path: Path, whole: bytes) -> None:
    rows = rows_of(whole)
    report = imported(tmp_path, b"".join(rows[:30] + rows[31:-6]))
    assert "6 personnes" in str(report.members.doubts[0])
    assert present() == HOW_MANY


def test_those_who_left_from_the_middle_are_ended(tmp_path: Path, whole: bytes) -> None:
    rows = rows_of(whole)
    report = imported(tmp_path, b"".join(rows[:30] + rows[40:]))
    assert (report.members.gone, report.members.doubts) == (10, [])


def test_the_end_is_the_end_of_the_last_file_whatever_the_order_of_this_one(
    tmp_path: Path, whole: bytes
) -> None:
    header, *rows = rows_of(whole)
    assert imported(tmp_path, b"".join([header, *reversed(rows)])).members.empty
    report = imported(tmp_path, b"".join([header, *rows[10:]]))
    assert report.members.doubts
    assert imported(tmp_path, b"".join([header, *rows[:-10]])).members.gone == 10


def test_as_many_rows_as_were_announced_is_a_whole_file(tmp_path: Path, whole: bytes) -> None:
    kept = b"".join(rows_of(whole)[:-10]).rstrip(b"\r\n")
    assert imported(tmp_path, kept).members.doubts
    wrong = imported(tmp_path, kept, expect_rows=HOW_MANY)
    assert "90 lignes" in str(wrong.members.doubts[0])
    assert present() == HOW_MANY
    report = imported(tmp_path, kept, expect_rows=HOW_MANY - 10)
    assert (report.members.gone, report.members.doubts) == (10, [])


def test_a_shorter_file_with_refused_lines_ends_nobody(tmp_path: Path, whole: bytes) -> None:
    rows = rows_of(whole)
    for missing, doubted in ((3, False), (4, True)):
        shorter = rows[:20] + rows[20 + missing :]
        shorter[5] = shorter[5].replace(b";fr;", b";de;")
        report = imported(tmp_path, b"".join(shorter))
        assert report.members.refused == 1
        assert bool(report.members.doubts) is doubted
        imported(tmp_path, whole)


def test_too_many_missing_ends_with_3_before_any_doubt(tmp_path: Path, whole: bytes) -> None:
    with pytest.raises(TooManyGone):
        imported(tmp_path, whole[: len(whole) // 2])
    report = imported(tmp_path, whole[: len(whole) // 2], allow_gone=100)
    assert report.members.doubts
    assert present() == HOW_MANY


def test_a_cut_beneficiaries_file_ends_no_beneficiary(tmp_path: Path) -> None:
    children = [child_of(EVE, rank, prenoms=f"Enfant {'ABCDEFGHIJ'[rank]}") for rank in range(1, 10)]
    run(tmp_path, CAST, beneficiaries=children)
    report = run(tmp_path, CAST, beneficiaries=children[:-4], allow_gone=60)
    assert report.beneficiaries
    assert report.beneficiaries.doubts
    assert Beneficiary.objects.present().count() == 9
    path = write_beneficiaries(tmp_path / "cut.csv", children[:-1])
    path.write_bytes(path.read_bytes()[:-20])
    members = write(tmp_path / "m.csv", CAST)
    cut = import_files(members=members, beneficiaries=path, apply=True)
    assert cut.is_doubtful
    assert Beneficiary.objects.present().count() == 9
    report = import_files(members=members, beneficiaries=path, apply=True, expect_beneficiaries=8)
    assert report.is_doubtful  # its last line is short


def test_the_children_of_members_whom_a_cut_file_does_not_name_still_come_in(tmp_path: Path) -> None:
    run(tmp_path, CAST, beneficiaries=[])
    last = CAST[-1]["numero_adherent"]
    child = child_of(EVE) | {"numero_adherent": last}
    members = write(tmp_path / "m.csv", CAST[:-1])
    members.write_bytes(members.read_bytes().rstrip())
    covered = write_beneficiaries(tmp_path / "b.csv", [child])
    report = import_files(members=members, beneficiaries=covered, apply=True)
    assert report.beneficiaries
    assert report.beneficiaries.new == 1


def test_ranks_are_written_again_only_when_the_order_changes(tmp_path: Path) -> None:
    run(tmp_path, CAST)
    order = [line["numero_adherent"] for line in CAST]
    assert list(LastMemberLine.objects.order_by("rank").values_list("key", flat=True)) == order
    LastMemberLine.objects.filter(key=order[0]).update(key="MARK")
    run(tmp_path, CAST)
    assert LastMemberLine.objects.filter(key="MARK").exists()
    run(tmp_path, [CAST[1], CAST[0], *CAST[2:]])
    assert not LastMemberLine.objects.filter(key="MARK").exists()
    assert LastFile.objects.get(sheet="member").lines == 9


@pytest.mark.parametrize("bound", ["nan", "inf", "101", "-1", "vingt"])
def test_a_bound_that_is_none_is_refused(bound: str) -> None:
    with pytest.raises(CommandError, match="--allow-gone"):
        call_command("import_members", "file.csv", "--allow-gone", bound)
