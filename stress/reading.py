"""Papers that nobody received are read as `adherents read` reads them: no value may be wrong, and how many are found is counted.

3,200 papers of as many seeds: each value that is said is held against what the paper was made to say. Nothing of them is kept.
"""

import collections
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from adherents.reading.papers import ReadPaper, read
from adherents.reading.people import people_in
from adherents.reading.text_layer.process import letter_pages
from stress.reading_papers import Paper, paper

PAPERS = 3_200
AT_ONCE = 2
SECONDS = 120  # for one paper: this machine has other work
LEAST_FOUND = 1.0  # of the values of native PDFs


def proofs() -> Iterator[dict[str, Any]]:
    yield papers_read(range(PAPERS))


def papers_read(seeds: range) -> dict[str, Any]:
    """What is wrong in words, and for each code how many values were found of those that are printed."""
    wrong: list[str] = []
    found, printed = collections.Counter[str](), collections.Counter[str]()
    with ThreadPoolExecutor(AT_ONCE) as readers:
        for seed, (made, told) in zip(seeds, readers.map(_made_and_read, seeds), strict=True):
            wrong += [f"{made.name} {seed}: {fault}" for fault in faults(made, told)]
            found.update(field.code for field in told.fields)
            printed.update(made.truth.keys())
    share = {code: round(found[code] / printed[code], 4) for code in sorted(printed)}
    wrong += [f"{code}: {each:.2%} found" for code, each in share.items() if each < LEAST_FOUND]
    return {
        "proof": "papers_read",
        "papers": len(seeds),
        "values": sum(found.values()),
        "found": share,
        "wrong": wrong,
    }


def _made_and_read(seed: int) -> tuple[Paper, ReadPaper]:
    made = paper(seed)
    return made, read_whole(made)


def read_whole(made: Paper) -> ReadPaper:
    people = people_in(f"numero_adherent;nir;nom_naissance;nom_usage;prenoms\n{made.owner.line}".encode())
    return read(letter_pages(made.content, seconds=SECONDS), people)


def faults(made: Paper, told: ReadPaper) -> list[str]:
    """Each thing that was said and is not so, without its value."""
    wrong = [f"a wrong {field.code}" for field in told.fields if made.truth.get(field.code) != field.value]
    codes = [field.code for field in told.fields]
    wrong += [f"two of {code}" for code in set(codes) if codes.count(code) > 1]
    if told.kind and told.kind != made.kind:
        wrong.append(f"it is no {told.kind}")
    return wrong
