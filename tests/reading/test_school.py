"""School certificates: two years that follow each other behind their label, and whose they are, compared."""

import pytest
from stress.reading_school import certificate

from adherents.reading.papers import read
from adherents.reading.people import people_in
from adherents.reading.text_layer.process import letter_pages
from tests.reading.sheets import CAMILLE, paper, said, say, sheet

pytestmark = pytest.mark.any_database
TITLE = "CERTIFICAT DE SCOLARITÉ"


def says(*texts: str, title: str = TITLE) -> dict[str, str]:
    return said(sheet(*(say(text, y=700 - 18 * at) for at, text in enumerate(texts)), title=title), CAMILLE)


@pytest.mark.parametrize("seed", range(20))
def test_each_invented_certificate_is_read_whole_and_says_no_more(seed: int) -> None:
    made = certificate(seed)
    people = people_in(("numero_adherent;nir;nom_naissance;nom_usage;prenoms\n" + made.owner.line).encode())
    found = read(letter_pages(made.content), people)
    assert {one.code: one.value for one in found.fields} == made.truth
    assert (found.kind or None) == made.kind


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("Année scolaire 2026-2027", "2026-2027"),
        ("ANNÉE UNIVERSITAIRE : 2026 / 2027", "2026-2027"),
        ("inscrite pour l’année scolaire (2026–2027)", "2026-2027"),
        ("2026-2027", None),
        ("Année scolaire 2026-2028", None),
        ("Année scolaire 2025-2026 et 2026-2027", None),
        ("Année scolaire 2025/2026, 2026/2027", None),
        ("Année scolaire 2026-2027, le 12 septembre 2026", "2026-2027"),
        ("Année scolaire 2027-2026", None),
        ("Année scolaire 2026", None),
        ("Année scolaire 1826-1827", None),
        ("Année civile 2026-2027", None),
    ],
)
def test_a_school_year_is_two_years_that_follow_each_other_behind_their_label(
    text: str, year: str | None
) -> None:
    assert says(text) == ({"school_year": year} if year else {})


def test_of_two_school_years_none_is_said() -> None:
    assert says("Année scolaire 2025-2026", "Réinscription : année scolaire 2026-2027") == {}


@pytest.mark.parametrize(
    ("texts", "like"),
    [
        (("certifie que l’élève DUPONT Camille, née le 01/02/2010",), "same"),
        (("certifie que :", "Mme Camille DUPONT", "née le 1er février 2010"), "same"),
        (("Nom et prénom de l’élève : Dupont Camille",), "same"),
        (("L’étudiante : DUPOND Camille",), "near"),
        (("Nom et prénom : MARTIN Paul",), "other"),
        (
            ("Je soussignée DUPONT Camille, proviseure, certifie que l’élève MARTIN Paul est inscrit",),
            "other",
        ),
        (("Le responsable légal : DUPONT Camille",), None),
        (("certifie que l’élève désigné ci-dessous est inscrit",), None),
        (("Nom et prénom : DUPONT Camille", "Nom et prénom : MARTIN Paul"), None),
    ],
)
def test_the_pupil_is_compared_and_never_typed(texts: tuple[str, ...], like: str | None) -> None:
    assert says(*texts).get("person") == like


def test_without_people_nobody_is_compared() -> None:
    content = sheet(say("Nom et prénom : DUPONT Camille", y=700), title=TITLE)
    assert paper(content).fields == ()


@pytest.mark.parametrize(
    "text",
    [
        "CAMILLE DUPONT n’est plus inscrite",
        "Certificat de radiation",
        "Préinscription",
        "sous réserve de paiement",
    ],
)
def test_who_is_no_longer_or_not_yet_enrolled_has_no_certificate(text: str) -> None:
    assert says("Année scolaire 2026-2027", text) == {}


def test_a_letter_that_asks_for_a_certificate_is_none() -> None:
    assert says("Année scolaire 2026-2027", title="Joindre un certificat de scolarité") == {}


def test_of_pixels_only_the_very_name_and_the_years_are_said() -> None:
    texts = ("Année scolaire 2026-2027", "Nom et prénom : {}", "Fait le 01/09/2026")
    for name, codes in (("DUPONT Camille", ["person", "school_year"]), ("DUPOND Camille", ["school_year"])):
        draws = [say(text.format(name), y=700 - 18 * at) for at, text in enumerate(texts)]
        found = read(letter_pages(sheet(*draws, title=TITLE)), [CAMILLE], recognised=True)
        assert [one.code for one in found.fields] == codes
