"""Attestations de droits: whose number it is, and days that their labels name."""

import pytest

from adherents.reading.people import Named
from tests.cast import CAMILLE, EVE
from tests.reading.sheets import paper, said, say, sheet

pytestmark = pytest.mark.any_database
TITLE = "Attestation de droits à l’assurance maladie"
OWNER = Named(CAMILLE.birth_name, "", CAMILLE.first_names, CAMILLE.nir)


def days(*texts: str) -> dict[str, str]:
    return said(sheet(*(say(text, y=700 - 20 * at) for at, text in enumerate(texts)), title=TITLE))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Attestation valable du 03/10/2025 au 02/10/2026", ("2025-10-03", "2026-10-02")),
        ("Période de droits : du 03.10.2025 au 02.10.2026", ("2025-10-03", "2026-10-02")),
        ("Droits ouverts du 3/10/2025 au 2/10/2026", ("2025-10-03", "2026-10-02")),
        ("Valable jusqu’au 02/10/2026", (None, "2026-10-02")),
        ("Date de fin de droits : 02/10/2026", (None, "2026-10-02")),
        ("Début des droits : 03/10/2025", ("2025-10-03", None)),
        ("Fait le 03/10/2025", (None, None)),
        ("Né le 03/10/1954", (None, None)),
        ("du 03/10/2025 au 02/10/2026", (None, None)),
        ("Valable du 31/02/2025 au 02/10/2026", (None, None)),
        ("Valable du 03/10/2026 au 02/10/2025", (None, None)),
        ("Valable du 03/10/25 au 02/10/26", (None, None)),
        ("Valable du 03/10/1825 au 02/10/2026", (None, None)),
    ],
)
def test_a_day_is_what_its_label_says(text: str, found: tuple[str | None, str | None]) -> None:
    expected = {code: day for code, day in zip(("valid_from", "valid_until"), found, strict=True) if day}
    assert days(text) == expected


def test_of_two_days_with_one_label_none_is_given() -> None:
    assert days(
        "Fin des droits : 02/10/2026", "Fin des droits : 02/10/2027", "Début des droits : 03/10/2025"
    ) == {"valid_from": "2025-10-03"}


def nir_lines(*texts: str) -> dict[str, str]:
    return said(sheet(*(say(text, y=700 - 20 * at) for at, text in enumerate(texts)), title=TITLE), OWNER)


@pytest.mark.parametrize(
    "text",
    [
        CAMILLE.nir,
        f"N° : {CAMILLE.nir[:13]} {CAMILLE.nir[13:]}",
        f"{CAMILLE.nir[:13]} clé {CAMILLE.nir[13:]}",
        "2 54 03 38 185 042 {key}",
    ],
)
def test_a_nir_of_a_person_of_the_contract_is_given(text: str) -> None:
    assert nir_lines(text.format(key=CAMILLE.nir[13:])) == {"nir": CAMILLE.nir}


@pytest.mark.parametrize(
    "text",
    [
        EVE.nir,  # right, and another person's
        CAMILLE.nir13,  # without its key nothing proves it
        CAMILLE.nir[:-1] + str((int(CAMILLE.nir[-1]) + 1) % 10),
        f"9{CAMILLE.nir}",
        f"{CAMILLE.nir}9",
    ],
)
def test_a_nir_that_is_wrong_or_of_nobody_here_is_not_given(text: str) -> None:
    assert nir_lines(text) == {}


def test_a_nir_is_not_read_on_another_paper() -> None:
    assert paper(sheet(say(CAMILLE.nir), title="ORDONNANCE"), OWNER).fields == ()


def test_without_the_people_no_nir_is_given() -> None:
    assert said(sheet(say(CAMILLE.nir), title=TITLE)) == {}
