"""`adherents read FILE…`: a line of JSON a file, and no database."""

import json
from pathlib import Path

import pytest

from tests.reading.sheets import BIC, CAMILLE, IBAN, SPACED, command, say, sheet

pytestmark = pytest.mark.any_database
RIB = sheet(say("Titulaire : MME DUPONT CAMILLE", y=740), say(f"IBAN : {SPACED}"), say(f"BIC : {BIC}", y=620))
NO_DATABASE = {"ADHERENTS_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}


def test_it_needs_no_database_and_says_each_value_with_its_page_and_proofs(tmp_path: Path) -> None:
    (tmp_path / "rib.pdf").write_bytes(RIB)
    (tmp_path / "people.csv").write_text(
        f"numero_adherent;nir;nom_naissance;nom_usage;prenoms\n1;{CAMILLE.nir};{CAMILLE.birth_name};;{CAMILLE.first_names}\n"
    )
    done = command(
        str(tmp_path / "rib.pdf"), "--persons", str(tmp_path / "people.csv"),
        ADHERENTS_DATA_DIR=str(tmp_path / "data"), **NO_DATABASE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "file": str(tmp_path / "rib.pdf"),
            "kind": "rib",
            "fields": [
                {
                    "code": "iban",
                    "value": IBAN,
                    "page": 1,
                    "proofs": ["drawn", "mod97", "rib_key", "bank_code"],
                },
                {"code": "bic", "value": BIC, "page": 1, "proofs": ["drawn", "label", "shape", "country"]},
                {"code": "holder", "value": "same", "page": 1, "proofs": ["drawn", "label", "compared"]},
            ],
        }
    ]
    assert done.stderr == ""


def test_what_cannot_be_read_has_a_line_without_a_field_and_the_others_are_read(tmp_path: Path) -> None:
    contents = {
        "text.pdf": b"hello", "cut.pdf": RIB[: len(RIB) // 2], "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(200), "empty.pdf": b"",
        "broken.pdf": b"%PDF-1.7\n1 0 obj <<>> endobj\nstartxref\n0\n%%EOF", "rib.pdf": RIB,
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    done = command(*(str(tmp_path / name) for name in contents), ADHERENTS_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["file"]).name for line in lines] == list(contents)
    assert all(line["kind"] is None and line["fields"] == [] for line in lines[:-1])
    assert lines[-1]["fields"][0]["value"] == IBAN
    assert IBAN not in done.stderr


def test_a_file_that_is_not_there_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "rib.pdf").write_bytes(RIB)
    done = command(
        str(tmp_path / "none.pdf"),
        str(tmp_path),
        str(tmp_path / "rib.pdf"),
        ADHERENTS_DATA_DIR=str(tmp_path / "data"),
    )
    assert done.returncode == 1
    assert "none.pdf cannot be read" in done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["kind"] == "rib"


def test_a_file_of_people_that_names_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rib.pdf").write_bytes(RIB)
    (tmp_path / "people.csv").write_text("a;b\n1;2\n")
    done = command(
        str(tmp_path / "rib.pdf"),
        "--persons",
        str(tmp_path / "people.csv"),
        ADHERENTS_DATA_DIR=str(tmp_path / "data"),
    )
    assert done.returncode == 1
    assert "nobody is in it" in done.stderr
    assert done.stdout == ""
