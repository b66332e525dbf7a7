"""What is found of a paper that comes twice: how quickly, beside the bare comparison of the same bits; and how surely.

The first part fills a portal on SQLite and on PostgreSQL: `BENCH_DOCUMENTS` (200000) of others, and a member with a hundred of
three pages each, which is as much as is ever compared. With `BENCH_MEMBERS`, PostgreSQL has that number of members of
`bench.population` instead, with five documents each. The second draws invoices on sixty forms, scans and photographs them
again, and draws `BENCH_PAPERS` (1000) on one form with other values.
"""

import io
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median, quantiles
from typing import Any

from bench.databases import figures_of_both

DOCUMENTS = int(os.environ.get("BENCH_DOCUMENTS", "200000"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "0"))
PAPERS = int(os.environ.get("BENCH_PAPERS", "1000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
BAR = 20.0  # milliseconds
OWN, PAGES, FORMS, EACH = 101, 3, 60, 20


def figures() -> Iterator[dict[str, Any]]:
    yield from figures_of_both("duplicates")
    yield from _papers()


def _fill() -> Any:
    """The member whose documents are looked at. One in ten of them was sent as the same bytes, and looks alike."""
    from django.db import connection

    if MEMBERS and connection.vendor == "postgresql":
        from bench import population

        population.fill(MEMBERS)
    else:
        _others()
    member = _own()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    return member


def _members(first: int, count: int) -> Any:
    from adherents.members.models import Member

    return Member.objects.bulk_create(
        (
            Member(
                number=f"9{rank:08d}",
                birth_name="Durand",
                first_names="Zoé",
                birth_date="1950-01-01",
                birth_department="38",
                nir="1" * 15,
                nir_index=rank.to_bytes(32, "big"),
            )
            for rank in range(first, first + count)
        ),
        batch_size=2000,
    )


def _document(deposit: Any, rank: int, sha256: str) -> Any:
    from datetime import timedelta

    from django.utils import timezone

    from adherents.vault.models import Document, State

    return Document(
        next_attempt_at=None,
        deposit=deposit,
        member=deposit.member,
        kind="facture_soins",
        state=State.CHECKED,
        sha256=sha256,
        size=1,
        page_count=PAGES,
        storage_name=f"bench/{deposit.pk}/{rank}",
        at=timezone.now() - timedelta(hours=rank),
    )


def _others() -> None:
    """Members with twenty documents each."""
    from adherents.vault.models import Deposit, Document

    deposits = Deposit.objects.bulk_create(
        (Deposit(member=member, number=f"D-B-{member.pk}") for member in _members(1, -(-DOCUMENTS // EACH))),
        batch_size=2000,
    )
    for start in range(0, DOCUMENTS, 10_000):
        some = range(start, min(start + 10_000, DOCUMENTS))
        Document.objects.bulk_create(
            (_document(deposits[one // EACH], one, f"{one:064x}") for one in some), batch_size=1000
        )


def _own() -> Any:
    import random

    from adherents.vault.imprints import BITS
    from adherents.vault.models import Deposit, Document, Page

    chance = random.Random(7)
    [member] = _members(0, 1)
    deposit = Deposit.objects.create(member=member, number=f"D-B-{member.pk}")
    own = Document.objects.bulk_create(
        [
            _document(deposit, rank, "ab" * 32 if rank % 10 == 0 else f"{rank:032x}{'f' * 32}")
            for rank in range(OWN)
        ]
    )
    one_paper = [tuple(chance.getrandbits(BITS) for _ in range(4)) for _ in range(PAGES)]
    Page.objects.bulk_create(
        Page(
            document=each,
            number=number,
            width=1,
            height=1,
            content_type="image/jpeg",
            size=1,
            sha256="",
            wrapped_key=b"key",
            storage_name=f"bench/page/{each.pk}/{number}",
            imprint=" ".join(["700", *(f"{bits:x}" for bits in turns)]),
        )
        for rank, each in enumerate(own)
        for number in range(1, PAGES + 1)
        for turns in [
            one_paper[number - 1] if rank % 10 == 0 else tuple(chance.getrandbits(BITS) for _ in range(4))
        ]
    )
    return member


def _measure() -> Iterator[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    member = _fill()
    from adherents.casework.twins.selectors import sent_before, twins
    from adherents.vault.imprints import Imprint
    from adherents.vault.models import Document, Page
    from adherents.vault.selectors.lookalikes import lookalikes_of

    texts = [page.imprint for page in Page.objects.filter(document__member=member)]
    imprints = [Imprint.read(text) for text in texts]

    def bare() -> None:
        """The same bits, unsealed and in memory."""
        for own in imprints[:PAGES]:
            for other in imprints[PAGES:]:
                assert own
                assert other
                own.is_like(other)

    for which, rank in (("that came eleven times", 0), ("that came once", 1)):
        newest = Document.objects.select_related("member").order_by("-at")
        document = newest.filter(member=member)[rank]
        for what, work in (
            ("the same bytes", twins),
            ("what looks like it", lookalikes_of),
            ("both, with what was decided and read", sent_before),
        ):
            used = time.process_time()
            seconds = _times(lambda work=work, document=document: work(document))
            used = (time.process_time() - used) / ROUNDS
            baseline = _times(bare)
            yield {
                "figure": "duplicates",
                "what": f"{what}, of a paper {which}",
                "database": os.environ["BENCH_VENDOR"],
                "documents": Document.objects.count(),
                "ratio": round(median(seconds) / median(baseline), 2),
                "ours_ms": round(median(seconds), 2),
                "ours_p95_ms": round(quantiles(seconds, n=20)[-1], 2),
                "ours_processor_ms": round(used * 1000, 2),
                "bar_ms": BAR,
                "baseline_ms": round(median(baseline), 2),
                "baseline": f"the bits of {OWN - 1} documents of {PAGES} pages compared in memory, unsealed",
            }


def _times(work: Callable[[], Any]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _papers() -> Iterator[dict[str, Any]]:
    from PIL import Image

    from adherents.vault.imprints import Imprint
    from bench import forms

    def of(picture: Any) -> Imprint:
        made = Imprint.of(Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture)
        assert made
        return made

    papers = [forms.drawn(forms.invoice(form, 1)) for form in range(FORMS)]
    begin = time.process_time()
    sent = [of(paper) for paper in papers]
    seconds = (time.process_time() - begin) / FORMS
    scans = [of(forms.scanned(paper, seed)) for seed, paper in enumerate(papers)]
    photos = [of(forms.photographed(paper, 1000 + seed)) for seed, paper in enumerate(papers)]
    others = [of(forms.photographed(paper, 2000 + seed)) for seed, paper in enumerate(papers)]
    yield {
        "figure": "the same paper again looks like it",
        "papers": FORMS,
        "processor_ms_a_page": round(seconds * 1000, 1),
        "scanned": _alike(zip(sent, scans, strict=True)),
        "photographed": _alike(zip(sent, photos, strict=True)),
        "scanned, then photographed": _alike(zip(scans, photos, strict=True)),
        "photographed twice": _alike(zip(photos, others, strict=True)),
        "of another form": _alike(
            itertools.chain(*(_each_other(kind) for kind in (sent, scans, photos, others)))
        ),
    }
    on_one = [of(forms.drawn(forms.invoice(1, values))) for values in range(PAPERS)]
    yield {
        "figure": "papers on one form with other values look like each other",
        "papers": PAPERS,
        "share": _alike(_each_other(on_one)),
        **_where_values_are_read(),
    }


def _where_values_are_read() -> dict[str, Any]:
    """RIBs of one bank's layout, in one font: what is left of them that looks alike once their accounts are read."""
    from stress.reading import read_whole
    from stress.reading_papers import LAYOUTS, rib_paper

    from adherents.reading.selectors import say_otherwise
    from adherents.vault.imprints import Imprint
    from bench import forms

    made = [rib_paper(seed * len(LAYOUTS)) for seed in range(min(PAPERS, 200))]
    imprints = [Imprint.of(forms.drawn(paper.content)) for paper in made]
    values = [
        {field.code: {field.value} for field in read_whole(paper).fields if field.code != "holder"}
        for paper in made
    ]
    pairs = list(itertools.combinations(range(len(made)), 2))
    alike = [
        (a, b) for a, b in pairs if (one := imprints[a]) and (other := imprints[b]) and one.is_like(other)
    ]
    left = [pair for pair in alike if not say_otherwise(*(values[at] for at in pair))]
    return {
        "ribs": len(made),
        "ribs_alike": round(len(alike) / len(pairs), 3),
        "ribs_alike_once_read": round(len(left) / len(pairs), 5),
    }


def _alike(pairs: Any) -> float:
    told = [one.is_like(other) for one, other in pairs]
    return round(sum(told) / len(told), 4)


def _each_other(imprints: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return itertools.combinations(imprints, 2)


if __name__ == "__main__":
    for told in _measure():
        print(json.dumps(told))
