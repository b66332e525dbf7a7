"""What reading papers costs and finds, over taking the text of the same pages as pdfium gives it, unproven and unconfined."""

import collections
import resource
from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stress.reading_papers import Paper

PAPERS, PICTURES = 200, 20


def figures() -> Iterator[dict[str, Any]]:
    from stress.reading import papers_read
    from stress.reading_bills import bill
    from stress.reading_papers import paper

    yield _native("one-page papers", paper)
    yield _native("one-page bills and certificates", bill)
    of_each = (("one-page papers", paper), ("one-page bills and certificates", bill))
    for (name, make), how in product(of_each, ("scanned", "photographed")):
        before = _seconds(resource.RUSAGE_CHILDREN)
        said = papers_read(how, range(PICTURES), make)
        yield {
            "figure": f"{name}, {how}, drawn and recognised in processes of their own",
            "wrong_values": sum(": a wrong" in fault for fault in said["wrong"]),
            "found": said["found"],
            "found_by_one_engine": said["found_by_one_engine"],
            "processor_seconds_a_page": round((_seconds(resource.RUSAGE_CHILDREN) - before) / PICTURES, 2),
            "most_resident_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        }


def _native(name: str, make: "Callable[[int], Paper]") -> dict[str, Any]:
    from stress.reading import faults, read_whole

    papers = [make(seed) for seed in range(PAPERS)]
    before = _seconds(resource.RUSAGE_SELF)
    for made in papers:
        _plain_text(made.content)
    plain = _seconds(resource.RUSAGE_SELF) - before
    before = _seconds(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    told = [read_whole(made) for made in papers]
    ours = _seconds(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) - before
    printed = collections.Counter(code for made in papers for code in made.truth)
    found = collections.Counter(field.code for each in told for field in each.fields)
    return {
        "figure": f"{name} read in a process each, drawn twice, and every value proven",
        "ratio": round(ours / plain, 1),
        "wrong_values": sum(len(faults(made, each)) for made, each in zip(papers, told, strict=True)),
        "found": {code: round(found[code] / printed[code], 3) for code in sorted(printed)},
        "processor_seconds_a_page": round(ours / PAPERS, 3),
        "most_resident_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "baseline_processor_seconds_a_page": round(plain / PAPERS, 4),
        "baseline": "the text of the same pages as pdfium gives it, in this process: nothing seen, nothing proven",
    }


def _plain_text(content: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    text: str = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def _seconds(*whose: int) -> float:
    used = [resource.getrusage(each) for each in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)
