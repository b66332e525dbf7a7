"""Papers that nobody received are read as `adherents read` reads them: no value may be wrong, and how many are found is counted.

3,200 RIBs and attestations of as many seeds, 1,600 bills and certificates, and some hundred of each as scans and as photos: each
value that is said is held against what the paper was made to say. Of pictures it is counted too what the first engine finds by
itself. Nothing of them is kept.
"""

import collections
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from adherents.inspection.file_type import JPEG, PDF
from adherents.reading.engines import read_pixels
from adherents.reading.papers import ReadPaper, read
from adherents.reading.people import Named, people_in
from adherents.reading.pixels import process as pixels
from adherents.reading.text_layer.process import letter_pages
from stress.reading_bills import bill
from stress.reading_papers import Paper, paper
from stress.reading_photos import photographed, scanned

PAPERS, BILLS, PICTURES = 3_200, 1_600, 400
AT_ONCE = 2
SECONDS = 120  # for one paper: this machine has other work
LEAST_FOUND = {"native": 1.0, "scanned": 0.98, "photographed": 0.9}
# On pictures these are said where two engines read the same.
AGREED, LEAST_AGREED = (
    frozenset({"bic", "date", "valid_from", "valid_until"}),
    {"scanned": 0.9, "photographed": 0.8},
)


def proofs() -> Iterator[dict[str, Any]]:
    yield papers_read("native", range(PAPERS))
    yield papers_read("native", range(BILLS), bill)
    for how in ("scanned", "photographed"):
        yield papers_read(how, range(PICTURES))
        yield papers_read(how, range(PICTURES), bill)


def papers_read(how: str, seeds: range, make: Callable[[int], Paper] = paper) -> dict[str, Any]:
    """What is wrong in words, and for each code how many values were found of those that are printed."""
    wrong: list[str] = []
    found, printed, by_one = (collections.Counter[str]() for _ in range(3))
    with ThreadPoolExecutor(AT_ONCE) as readers:
        for seed, (made, told, alone) in zip(
            seeds, readers.map(lambda seed: _read_as(how, make(seed), seed), seeds), strict=True
        ):
            wrong += [f"{made.name} {seed}: {fault}" for fault in faults(made, told)]
            found.update(field.code for field in told.fields)
            by_one.update(field.code for field in alone.fields)
            printed.update(made.truth.keys())
    share = _shares(found, printed)
    wrong += [f"{code}: {each:.2%} found" for code, each in share.items() if each < _least(how, code)]
    said = {
        "proof": f"papers_read_{how}" if make is paper else f"{make.__name__}s_read_{how}",
        "papers": len(seeds),
        "values": sum(found.values()),
        "found": share,
    }
    if how != "native":
        said["found_by_one_engine"] = _shares(by_one, printed)
    return said | {"wrong": wrong}


def _shares(found: "collections.Counter[str]", printed: "collections.Counter[str]") -> dict[str, float]:
    return {code: round(found[code] / printed[code], 4) for code in sorted(printed)}


def _least(how: str, code: str) -> float:
    return LEAST_AGREED[how] if how in LEAST_AGREED and code in AGREED else LEAST_FOUND[how]


def _read_as(how: str, made: Paper, seed: int) -> tuple[Paper, ReadPaper, ReadPaper]:
    """The paper, what is read of it, and what the first engine alone would have read."""
    if how == "native":
        told = read_whole(made)
        return made, told, told
    pictured = {"scanned": scanned, "photographed": photographed}[how](made, seed)
    return pictured, *read_picture(pictured)


def read_whole(made: Paper) -> ReadPaper:
    return read(letter_pages(made.content, seconds=SECONDS), _people(made))


def read_picture(made: Paper) -> tuple[ReadPaper, ReadPaper]:
    """What two engines read, and what the first of them would have read alone."""
    kind = PDF if made.content.startswith(b"%PDF") else JPEG
    people = _people(made)
    found = read_pixels(pixels.drawn_pages(kind, made.content, seconds=SECONDS), people, seconds=SECONDS)
    return found.paper, read(found.pages, people, recognised=True)


def _people(made: Paper) -> list[Named]:
    return people_in(f"numero_adherent;nir;nom_naissance;nom_usage;prenoms\n{made.owner.line}".encode())


def faults(made: Paper, told: ReadPaper) -> list[str]:
    """Each thing that was said and is not so, without its value."""
    wrong = [f"a wrong {field.code}" for field in told.fields if made.truth.get(field.code) != field.value]
    codes = [field.code for field in told.fields]
    wrong += [f"two of {code}" for code in sorted(set(codes)) if codes.count(code) > 1]
    if told.kind and told.kind != made.kind:
        wrong.append(f"it is no {told.kind}")
    return wrong
