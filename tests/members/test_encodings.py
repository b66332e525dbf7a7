"""Accents that came through the wrong hands: the line is refused with the likely cause, the others come in."""

import subprocess
import sys
from pathlib import Path

import pytest

from adherents.members.intake import read
from adherents.members.intake.compare import RefusedRow
from adherents.members.intake.facts import MEMBER_COLUMNS, member_facts
from adherents.members.models import Member
from adherents.members.services.import_files import import_files
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS, NO_MAIL, Person
from tests.members.importing import counts
from tests.members.member_file import line_of

TWICE, DOS, NINE, MAC, WINDOWS = (
    "UTF-8 a sans doute été relu",
    "CP850",
    "ISO-8859-15",
    "Mac Roman",
    "Windows-1252",
)
HEADER = (";".join(MEMBER_COLUMNS) + "\r\n").encode()


def line(person: Person, **changes: str) -> str:
    return ";".join(line_of(person, **changes).values()) + "\r\n"


def reasons_of(name: str) -> list[str]:
    values = [line_of(CAMILLE, nom_naissance=name)[column] for column in MEMBER_COLUMNS]
    return [str(reason.message) for reason in member_facts(values)[1]]


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("CÅ’UR", TWICE),
        ("Dâ€™ARTAGNAN", TWICE),
        ("CÃ©line", TWICE),
        ("FRANÃ‡OIS", TWICE),
        ("Lefèvre-CÅ“ur", TWICE),
        ("C\u0153ur".encode().decode("latin-1"), TWICE),
        ("Lefèvre".encode("cp850").decode("cp1252"), DOS),
        ("Benoît".encode("cp850").decode("cp1252"), DOS),
        ("François".encode("cp850").decode("cp1252"), DOS),
        ("LÉVÊQUE".encode("cp850").decode("cp1252", "surrogateescape"), DOS),
        ("Hôtel".encode("cp850").decode("cp1252"), DOS),
        ("CŒUR".encode("iso8859_15").decode("cp1252"), NINE),
        ("cœur".encode("iso8859_15").decode("cp1252"), NINE),
        ("Forêt-Çelik".encode("mac_roman").decode("cp1252", "surrogateescape"), MAC),
        ("Lefèvre".encode("cp1252").decode("utf-8", "surrogateescape"), WINDOWS),
        ("L\ufffdvy", "perdus"),
        ("C\x00line", "illisibles"),
        ("C\x85line", "illisibles"),
    ],
)
def test_a_line_in_another_encoding_is_refused_with_the_likely_cause(name: str, likely: str) -> None:
    reasons = reasons_of(name)
    assert len(reasons) == 1
    assert likely in reasons[0]


@pytest.mark.parametrize(
    "name",
    ["CŒUR", "D’ARTAGNAN", "D'Artagnan", "L´Hôte", "Ÿ", "Lefèvre", "LÉVÊQUE", "Šimić", "ŽIŽEK", "Łukasz", "Ñuñez", "Ångström",
     "Müller–Straße", "Đặng Thị", "Gal·la", "Ørsted", "Иванов", "Jean–Pierre", "Çağlar", "N°", "d’Âme", "Ärzt"],
)  # fmt: skip
def test_names_that_are_written_so_come_in(name: str) -> None:
    assert reasons_of(name) == []


def imported(folder: Path, content: bytes) -> tuple[tuple[int, ...], dict[str, str]]:
    path = folder / "m.csv"
    path.write_bytes(content)
    refused: list[RefusedRow] = []
    report = import_files(members=path, apply=True, on_refused=lambda _, refusal: refused.append(refusal))
    return counts(report), {refusal.key: str(refusal.reasons[0].message) for refusal in refused}


LINES = [
    line(CAMILLE),
    line(JEAN_FRANCOIS, nom_usage="Lefèvre"),
    line(EVE, nom_usage="Cœur"),
    line(NO_MAIL, prenoms="Zoé"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("encoding", "likely"), [("cp850", DOS), ("mac_roman", MAC)])
def test_a_file_in_an_old_code_page_is_refused_line_by_line_but_for_what_is_plain(
    tmp_path: Path, encoding: str, likely: str
) -> None:
    text = "".join(
        [
            LINES[0],
            LINES[3],
            line(EVE, nom_usage="Fenêtre", prenoms="Michèle"),
            line(JEAN_FRANCOIS, nom_naissance="MICHÈLE"),
        ]
    )
    counted, refused = imported(tmp_path, HEADER + text.encode(encoding))
    assert counted == (1, 0, 0, 0, 3)
    assert all(likely in why for why in refused.values())
    assert Member.objects.get().number == CAMILLE.number


@pytest.mark.django_db
def test_a_few_lines_of_windows_in_a_file_in_utf_8_are_refused_and_the_rest_comes_in(tmp_path: Path) -> None:
    content = HEADER + "".join(LINES[:3]).encode() + LINES[3].encode("cp1252")
    counted, refused = imported(tmp_path, content)
    assert counted == (3, 0, 0, 0, 1)
    assert WINDOWS in refused[NO_MAIL.number]
    assert Member.objects.get(number=EVE.number).usage_name == "Cœur"


@pytest.mark.django_db
def test_a_few_lines_of_utf_8_in_a_file_of_windows_are_refused_and_the_rest_comes_in(tmp_path: Path) -> None:
    content = HEADER + "".join(LINES[:3]).encode("cp1252") + LINES[3].encode()
    counted, refused = imported(tmp_path, content)
    assert counted == (3, 0, 0, 0, 1)
    assert TWICE in refused[NO_MAIL.number]
    assert Member.objects.get(number=EVE.number).usage_name == "Cœur"


@pytest.mark.django_db
def test_iso_8859_15_is_windows_but_for_what_it_writes_otherwise(tmp_path: Path) -> None:
    text = "".join(LINES).replace("L’H", "L'H")
    counted, refused = imported(tmp_path, HEADER + text.encode("iso8859_15"))
    assert counted == (3, 0, 0, 0, 1)
    assert NINE in refused[EVE.number]


@pytest.mark.django_db
def test_a_byte_that_no_encoding_has_refuses_its_line_only(tmp_path: Path) -> None:
    content = HEADER + LINES[0].encode() + LINES[2].encode("cp1252").replace(b"Payet", b"P\x81y\xe9t")
    counted, refused = imported(tmp_path, content)
    assert counted == (1, 0, 0, 0, 1)
    assert "illisibles" in refused[EVE.number] or DOS in refused[EVE.number]
    assert imported(tmp_path, content)[0] == (0, 0, 1, 0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_closed_quotes_is_a_space(tmp_path: Path, end: str) -> None:
    broken = line(EVE, prenoms=f'"Marie{end} Ève"', nom_usage=f'"Hoarau{end}"')
    counted, refused = imported(tmp_path, HEADER + (LINES[0] + broken + LINES[3]).encode())
    assert (counted, refused) == ((3, 0, 0, 0, 0), {})
    eve = Member.objects.get(number=EVE.number)
    assert (eve.first_names, eve.usage_name) == ("Marie Ève", "Hoarau")


def test_a_quote_that_swallows_lines_still_refuses_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(
        HEADER + (line(CAMILLE, nom_usage='"Oops') + line(EVE) + line(NO_MAIL, email='x"')).encode()
    )
    with pytest.raises(read.UnusableFile, match="guillemet mal fermé vers la ligne 2"):
        list(read.rows(path, MEMBER_COLUMNS, look=read.look_at(path)))


MEASURED = """
import resource, sys
from pathlib import Path
from adherents.members.intake import read
path = Path(sys.argv[1])
columns = sys.argv[2].split(",")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for row in read.rows(path, columns, look=read.look_at(path)):
    print(row.line, row.is_too_long, row.values[0])
print("grew", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.django_db
@pytest.mark.parametrize("filler", ["x", "é", '"', "70;"])
@pytest.mark.one_on_postgresql
def test_a_line_of_200_mb_is_refused_in_its_own_words_and_in_bounded_memory(
    tmp_path: Path, filler: str
) -> None:
    path = tmp_path / "huge.csv"
    piece = (filler * (1 << 20)).encode()[: 1 << 20]
    with path.open("wb") as file:
        file.write(HEADER + LINES[0].encode() + b"70100005;")
        for _ in range(200):
            file.write(piece)
        file.write(b"\r\n" + LINES[3].encode())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), ",".join(MEMBER_COLUMNS)],
        check=True,
        capture_output=True,
        text=True,
    )
    *rows, grew = done.stdout.splitlines()
    if filler == '"':
        assert rows[1].startswith("3 True")
    else:
        assert rows[1] == "3 True 70100005"
    assert rows[2].startswith("4 False")
    assert int(grew.split()[1]) < 32 * 1024  # kB
    refused: list[RefusedRow] = []
    report = import_files(members=path, apply=True, on_refused=lambda _, refusal: refused.append(refusal))
    assert counts(report) == (2, 0, 0, 0, 1)
    assert "bien trop longue" in str(refused[0].reasons[0].message)
