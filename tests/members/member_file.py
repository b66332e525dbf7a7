"""The insurer's files, as a test wants them: the cast's lines, and whatever is changed in them."""

import csv
from collections.abc import Iterable
from pathlib import Path

from adherents.members.intake.facts import BENEFICIARY_COLUMNS, MEMBER_COLUMNS
from tests.cast import Person

Line = dict[str, str]


def line_of(person: Person, **changes: str) -> Line:
    """The person as the insurer's core system writes them."""
    whole = {
        "numero_adherent": person.number,
        "nir": person.nir,
        "nom_naissance": person.birth_name,
        "nom_usage": person.usage_name,
        "prenoms": person.first_names,
        "date_naissance": "/".join(person.birth_day),
        "departement_naissance": person.department,
        "email": person.email,
        "telephone": "",
        "langue": person.language,
        "date_debut": "01/01/2020",
        "date_fin": "",
    }
    assert set(changes) <= set(whole)
    return whole | changes


def child_of(person: Person, rank: int = 1, **changes: str) -> Line:
    """A beneficiary of this member."""
    return {
        "numero_adherent": person.number,
        "rang": str(rank),
        "nir": "",
        "nom_naissance": person.birth_name,
        "nom_usage": "",
        "prenoms": "Noé",
        "date_naissance": "14/07/2015",
        "lien": "enfant",
        "date_debut": "",
        "date_fin": "",
    } | changes


def write(
    path: Path, lines: Iterable[Line], *, encoding: str = "utf-8", columns: Iterable[str] = MEMBER_COLUMNS
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(columns), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(lines)
    return path


def write_beneficiaries(path: Path, lines: Iterable[Line]) -> Path:
    return write(path, lines, columns=BENEFICIARY_COLUMNS)
