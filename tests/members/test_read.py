"""The file before its meaning: encoding, header, quoting, lines."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherents.members.intake import read

COLUMNS = ("numero", "nom", "prenom")
# What both encodings can write, but for the characters that cannot be in a line of a file.
BOTH = "abcXYZ 019éèçœŒ€’ÿ;\"'-"


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "adherents.csv"
    path.write_bytes(content)
    return path


def values_in(path: Path, encoding: str | None = None) -> list[tuple[int, tuple[str, ...], bool]]:
    rows = read.rows(path, COLUMNS, look=read.Look(encoding) if encoding else read.look_at(path))
    return [(row.line, row.values, row.whole) for row in rows]


def refusal(path: Path) -> str:
    with pytest.raises(read.UnusableFile) as refused:
        values_in(path)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_encoding_is_found_out_by_itself(tmp_path: Path, encoding: str) -> None:
    path = file_of(tmp_path, "numero;nom;prenom\r\n1;Lefèvre;Chloé\r\n".encode(encoding))
    assert values_in(path) == [(2, ("1", "Lefèvre", "Chloé"), True)]


def test_one_accent_at_the_very_end_decides_on_the_encoding(tmp_path: Path) -> None:
    plain = b"numero;nom;prenom\n" + b"1;Martin;Paul\n" * 200_000
    path = file_of(tmp_path, plain + "2;Lefèvre;Zoé\n".encode("cp1252"))
    assert read.look_at(path).encoding == "cp1252"
    path = file_of(tmp_path, plain + "2;Lefèvre;Zoé\n".encode())
    assert read.look_at(path).encoding == "utf-8-sig"


@given(
    table=st.lists(st.tuples(*[st.text(BOTH, max_size=12)] * 3), max_size=8),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
)
def test_what_is_written_is_read_again_in_both_encodings(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]], encoding: str
) -> None:
    path = tmp_path_factory.mktemp("file") / "adherents.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([COLUMNS, *table])
    read_again = [values for _, values, _ in values_in(path, encoding)]
    assert read_again == [line for line in table if any(line)]


def test_the_columns_may_come_in_any_order_and_case(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"Prenom; NOM ;numero\nPaul;Martin;1\n")
    assert values_in(path) == [(2, ("1", "Martin", "Paul"), True)]


def test_blank_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"numero;nom;prenom\n\n1;a;b\n;;\n\n2;c;d")
    assert [line for line, _, _ in values_in(path)] == [3, 6]


def test_a_line_with_too_many_or_too_few_values_is_told(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"numero;nom;prenom\n1;a\n2;a;b;c\n3;a;b\n")
    assert values_in(path) == [
        (2, ("1", "a", ""), False),
        (3, ("2", "a", "b"), False),
        (4, ("3", "a", "b"), True),
    ]


def test_semicolons_and_quotes_live_in_quotes(tmp_path: Path) -> None:
    path = file_of(tmp_path, b'"numero";"nom";"prenom"\n"1";"a;b";"dit ""Jo"""\n')
    assert values_in(path) == [(2, ("1", "a;b", 'dit "Jo"'), True)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "vide"),
        (b"\xff\xfen\x00u\x00", "UTF-16"),
        (b"PK\x03\x04....", "CSV"),
        (b"numero;nom\n1;a\n", "il manque prenom"),
        (b"numero;nom;prenom;sexe\n1;a;b;M\n", "ne sont pas connues : sexe"),
        (b"numero;nom;prenom;nom\n1;a;b;c\n", "répétées : nom"),
        (b"numero,nom,prenom\n1,a,b\n", "points-virgules"),
        (b'numero;nom;prenom\n1;"a;b\n2;c;d\n', "guillemet"),
        (b'numero;nom;prenom\n1;"a;b\n2;c";d\n3;e;f\n', "guillemet mal fermé vers la ligne 2"),
        (b'numero;nom;prenom\n1;"a"b;c\n', "guillemet"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, told: str
) -> None:
    sentence = refusal(file_of(tmp_path, content))
    assert told in sentence
    assert "\n" not in sentence


def test_a_file_without_header_does_not_show_anybody(tmp_path: Path) -> None:
    sentence = refusal(file_of(tmp_path, b"70100001;Dupont;290027511200123\n"))
    assert "en-tête" in sentence
    assert "Dupont" not in sentence
    assert "290027511200123" not in sentence


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "ne peut pas être lu" in refusal(tmp_path / "absent.csv")
