"""Two engines of two families: the second is asked where the first one's letters prove nothing; what both say alike counts."""

import sys
from collections.abc import Callable, Sequence

import pytest
from stress.reading_papers import Paper, rib_paper
from stress.reading_photos import photographed, scanned

from adherents.inspection.file_type import JPEG, PDF
from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.reading.crops import MOST_CROPS
from adherents.reading.crops import process as crops
from adherents.reading.engines import PixelReading, read_pixels
from adherents.reading.papers import ReadPaper, read
from adherents.reading.people import people_in
from adherents.reading.pixels.process import PixelPage, drawn_pages
from adherents.reading.second_look import Reread, asked_for, both
from adherents.reading.text_layer import LETTER, MOST_MEMORY, PAGE, RUN, RUNS
from adherents.reading.text_layer.process import (
    LetterPage,
    LetterReader,
    LetterRun,
    ReadingFailed,
    SeenLetter,
)
from tests.reading.sheets import BIC, CAMILLE, IBAN, OTHER_SPACED, SPACED, say, sheet
from tests.reading.test_pixels import jpeg, picture

pytestmark = pytest.mark.any_database
SECONDS = 120  # this machine has other work
RIB = sheet(
    say("Titulaire : MME DUPONT CAMILLE", y=740, size=12), say(f"IBAN : {SPACED}", size=12), say(f"BIC : {BIC}", y=600, size=12)
)  # fmt: skip
RIGHTS = sheet(
    say("Valable du 03/10/2025 au 03/10/2026", y=700, size=12),
    say("Fait le 4 mars 2026", y=640, size=12),
    title="Attestation de droits",
)
Lines = Sequence[str]


def page_of(lines: Lines) -> LetterPage:
    """A page whose lines are a run each, as the first engine says them. « ? » is a sign that it is not sure of."""
    letters, runs = list[SeenLetter](), list[LetterRun]()
    for number, line in enumerate(lines):
        own = letters_of(line, number)
        runs.append(LetterRun((0,) * 8, len(letters), len(own)))
        letters += own
    return LetterPage(1, 6000, 8000, False, tuple(letters), tuple(runs))


def letters_of(line: str, number: int) -> tuple[SeenLetter, ...]:
    return tuple(
        SeenLetter(
            "\ufffd" if sign == "?" else sign, 200 + 40 * at, 200 * number, 240 + 40 * at, 200 * number + 80
        )
        for at, sign in enumerate(line)
        if sign != " "
    )


def told(first: Lines, second: dict[int, str]) -> ReadPaper:
    """What is said of lines, of which some were read otherwise, or alike, by the second engine."""
    page = page_of(first)
    reread = [Reread(1, page.runs[number], letters_of(line, number)) for number, line in second.items()]
    return both([page], reread, [CAMILLE])


def values(paper: ReadPaper) -> dict[str, str]:
    return {field.code: field.value for field in paper.fields}


TITLE = "Relevé d'identité bancaire"


def test_a_value_that_proves_itself_counts_whichever_engine_read_it() -> None:
    misread = SPACED.replace("3M02", "3MO2")
    paper = told([TITLE, f"IBAN : {misread}"], {1: f"IBAN : {SPACED}"})
    assert values(paper) == {"iban": IBAN}
    assert paper.kind == "rib"
    assert paper.fields[0].proofs == ("recognised", "mod97", "rib_key", "bank_code")


def test_two_engines_that_prove_different_values_for_one_place_prove_nothing() -> None:
    assert values(told([TITLE, f"IBAN : {SPACED}"], {1: f"IBAN : {OTHER_SPACED}"})) == {}


def test_an_account_that_one_engine_sees_and_the_other_does_not_is_not_hidden() -> None:
    two = [TITLE, f"IBAN : {SPACED}", "IBAN : FR76 3000 6000 0112 3456 7890 188"]
    assert values(told(two, {2: "IBAN : FR76 3000 6000 0112 3456 7890 188"})) == {}
    assert values(told(two, {2: "1BAN ; PR?6 ???? 6000"})) == {}
    assert values(told(two, {2: "1BAN ; PR76 3OOO 6OOO"})) == {}


def test_a_bic_and_days_are_said_where_both_engines_read_the_same() -> None:
    first = [TITLE, f"IBAN : {SPACED}", f"BIC : {BIC}"]
    paper = told(first, {2: f"BIC : {BIC}"})
    assert values(paper) == {"iban": IBAN, "bic": BIC}
    assert paper.fields[1].proofs == ("recognised", "agreed", "label", "shape", "country")
    assert values(told(first, {2: "BIC : PSSTFRPPLIT"})) == {"iban": IBAN}
    assert values(told(first, {2: "BIC : PSST????LIL"})) == {"iban": IBAN}
    rights = ["Attestation de droits", "Valable du 03/10/2025 au 03/10/2026"]
    assert values(told(rights, {1: rights[1]})) == {"valid_from": "2025-10-03", "valid_until": "2026-10-03"}
    # Of a period, half of which is read otherwise, the other half is right.
    assert values(told(rights, {1: "Valable du 03/10/2025 au 08/10/2026"})) == {"valid_from": "2025-10-03"}


def test_a_label_that_one_engine_is_sure_of_is_enough() -> None:
    paper = told([TITLE, f"IBAN : {SPACED}", "BIC", BIC], {2: "???", 3: BIC})
    assert values(paper) == {"iban": IBAN, "bic": BIC}


def test_what_the_second_engine_has_not_read_is_not_agreed() -> None:
    lines = [TITLE, f"IBAN : {SPACED}", f"BIC : {BIC}", "12 RUE DES LILAS"]
    assert values(told(lines, {3: "12 RUE DES LILAS"})) == {"iban": IBAN}


def test_another_day_that_one_engine_alone_sees_makes_the_day_doubtful() -> None:
    first = [
        "Attestation de droits",
        "Fait le 04/03/2026",
        "Falt lc 05/03/2026",
        "Valable du 03/10/2025 au 03/10/2026",
    ]
    second = {1: first[1], 2: "Fait le 05/03/2026", 3: first[3]}
    assert "date" in values(told(first, second | {2: first[2]}))
    assert "date" not in values(told(first, second))


def test_a_day_by_itself_proves_no_kind() -> None:
    paper = told(["Certificat de scolarité", "Fait le 04/03/2026"], {1: "Fait le 04/03/2026"})
    assert (paper.kind, values(paper)) == ("", {"date": "2026-03-04"})


def test_a_second_total_that_the_second_engine_misreads_still_counts() -> None:
    bill = ["Facture", "Consultation 40,00", "Consultation 20,00", "Total 60,00", "Total 61,00"]
    assert values(told(bill, {4: "Tofal 61,00"})) == {}
    doubtful = [*bill[:2], "Consultation ??,??", bill[3]]
    assert values(told(doubtful, {2: "Consultation 20,00"})) == {"total": "60.00"}


def test_only_the_runs_that_may_hold_what_is_missing_are_read_again() -> None:
    page = page_of(
        [
            TITLE,
            "Titulaire : Mme Dupont Camille",
            f"IBAN : {SPACED}",
            f"BIC : {BIC}",
            "Agence du port",
            "?????",
        ]
    )
    asked = asked_for([page], [CAMILLE])
    assert [run.first for run in asked[1]] == [page.runs[3].first, page.runs[5].first]
    assert asked_for([page_of(["Chère Madame", "le 04/03/2026"])], [CAMILLE]) == {}
    bill = page_of(["Facture du 04/03/2026", "Consultation", "40,00", "Pansement", "20,00 €", "Total 60,00"])
    assert [run.first for run in asked_for([bill], [CAMILLE])[1]] == [bill.runs[0].first]
    many = page_of(["Attestation de droits", *[f"Le {day}/01/2026" for day in range(10, 60)], "??"])
    asked = asked_for([many], [CAMILLE])
    assert len(asked[1]) == MOST_CROPS
    assert asked[1][-1] == many.runs[-1]  # what the first engine is in doubt of comes first


def test_a_bic_is_said_beside_an_account_that_only_one_engine_read() -> None:
    first = [TITLE, f"IBAN : {SPACED.replace('3M02', '3MO2')}", f"BIC : {BIC}"]
    assert values(told(first, {1: f"IBAN : {SPACED}", 2: f"BIC : {BIC}"})) == {"iban": IBAN, "bic": BIC}
    assert values(told(first, {1: f"IBAN : {SPACED}", 2: "BIC : PSSTFRPPLIT"})) == {"iban": IBAN}


@pytest.mark.parametrize("make", [scanned, photographed])
def test_an_account_with_each_sign_in_a_box_of_its_own(make: Callable[[Paper, int], Paper]) -> None:
    """The first engine finds nothing there: the second one takes the signs out of their boxes."""
    made = make(rib_paper(24), 24)
    people = people_in(f"numero_adherent;nir;nom_naissance;nom_usage;prenoms\n{made.owner.line}".encode())
    kind = PDF if made.content.startswith(b"%PDF") else JPEG
    found = read_pixels(drawn_pages(kind, made.content), people, seconds=SECONDS)
    assert values(found.paper)["iban"] == made.truth["iban"]


def recognised(content: bytes, quarters: int = 0) -> PixelReading:
    photo = picture(content).rotate(quarters, expand=True)
    return read_pixels(drawn_pages("image/jpeg", jpeg(photo)), [CAMILLE], seconds=SECONDS)


@pytest.mark.parametrize("quarters", [0, 90, 180])
def test_a_photo_is_read_by_two_engines_turned_or_not(quarters: int) -> None:
    found = recognised(RIB, quarters)
    assert values(found.paper) == {"iban": IBAN, "bic": BIC, "holder": "same"}
    assert found.engines == ("rapidocr", "onnxruntime", "tesserocr")
    assert "bic" not in values(read(found.pages, [CAMILLE], recognised=True))


def test_the_days_of_an_attestation_on_a_photo_are_said() -> None:
    expected = {"valid_from": "2025-10-03", "valid_until": "2026-10-03", "date": "2026-03-04"}
    assert values(recognised(RIGHTS).paper) == expected


def test_a_photo_on_which_the_first_engine_misreads_a_letter() -> None:
    """Of an invented paper whose account has a Z that the first engine takes for a 2."""
    made = photographed(rib_paper(13), 13)
    people = people_in(f"numero_adherent;nir;nom_naissance;nom_usage;prenoms\n{made.owner.line}".encode())
    found = read_pixels(drawn_pages(JPEG, made.content), people, seconds=SECONDS)
    assert values(found.paper)["iban"] == made.truth["iban"]
    assert "iban" not in values(read(found.pages, people, recognised=True))


@pytest.fixture(scope="module")
def drawn() -> list[PixelPage]:
    return drawn_pages("image/jpeg", jpeg(picture(RIB)))


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(crops, "COMMAND", [sys.executable, "-I", "-c", code])


EATS = f"import time; eaten = b'x' * {MOST_MEMORY + 100_000_000}; time.sleep(60)"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import time; time.sleep(600)", "its time was over"),
        (EATS, "it held too much memory"),
        ("import sys; sys.stdin.buffer.read(); sys.stdout.write('Z')", "not a page for each run"),
        ("raise SystemExit(3)", "exit code 3"),
    ],
)
def test_a_second_engine_that_never_ends_or_eats_memory_or_lies_is_killed_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, drawn: list[PixelPage], code: str, why: str
) -> None:
    instead(monkeypatch, code)
    monkeypatch.setattr(crops, "SECONDS", 3 if "600" in code else 20)
    asked = list[str]()
    read_again = crops.read_again

    def noted(*given: object, seconds: int) -> list[tuple[SeenLetter, ...]]:
        try:
            return read_again(*given, seconds=seconds)  # type: ignore[arg-type]
        except ReadingFailed as error:
            asked.append(str(error))
            raise

    monkeypatch.setattr(crops, "read_again", noted)
    found = read_pixels(drawn, [CAMILLE])
    assert values(found.paper) == {"iban": IBAN, "holder": "same"}
    assert found.engines == ("rapidocr", "onnxruntime")
    assert len(asked) == 1
    assert why in asked[0]


def test_without_its_letters_one_engine_reads(
    monkeypatch: pytest.MonkeyPatch, drawn: list[PixelPage]
) -> None:
    monkeypatch.setattr(crops, "is_installed", lambda: False)
    assert values(read_pixels(drawn, [CAMILLE], seconds=SECONDS).paper) == {"iban": IBAN, "holder": "same"}


def test_a_run_without_a_letter_says_nothing_and_ends_nothing() -> None:
    """The engine complains of an empty run into a file that the confined process cannot open."""
    page = PixelPage(200, 100, b"\xff" * (200 * 100 * PIXEL_BYTES))
    letter = SeenLetter("?", 0, 0, 400, 80)
    blank = LetterRun((0, 0, 400, 0, 400, 80, 0, 80), 0, 1)
    none = LetterRun((0,) * 8, 0, 1)
    found = crops.read_again(page, [blank, none], [letter], seconds=SECONDS)
    assert {letter.sign for letters in found for letter in letters} <= {"\ufffd"}


def test_more_runs_than_may_be_asked_for_are_not() -> None:
    page = PixelPage(10, 10, bytes(400))
    for count in (0, MOST_CROPS + 1):
        with pytest.raises(ReadingFailed):
            crops.read_again(page, [LetterRun((0,) * 8, 0, 1)] * count, [])


ONE_LETTER = b"P" + PAGE.pack(1, 100, 100, 0, 1) + LETTER.pack(65, 0, 0, 10, 10, 0)


@pytest.mark.parametrize(
    "frames",
    [
        b"R" + RUNS.pack(1) + RUN.pack(*[0] * 8, 1),
        ONE_LETTER + (b"R" + RUNS.pack(1) + RUN.pack(*[0] * 8, 1)) * 2,
        ONE_LETTER + b"R" + RUNS.pack(1) + RUN.pack(*[0] * 8, 2),
        ONE_LETTER + b"R" + RUNS.pack(2) + RUN.pack(*[0] * 8, 1) + RUN.pack(*[0] * 8, 0),
        ONE_LETTER + b"R" + RUNS.pack(4_001),
    ],
    ids=["of no page", "twice", "more letters than there are", "an empty one", "too many"],
)
def test_runs_that_are_not_the_pages_are_not_believed(frames: bytes) -> None:
    code = f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({frames + b'Z'!r})"
    with (
        LetterReader([sys.executable, "-I", "-c", code], seconds=30) as reader,
        pytest.raises(ReadingFailed, match="run"),
    ):
        reader.pages(b"")
