"""The desk over a million members and five million documents, on PostgreSQL: each kind of search, « suivant », a member's page,
the figures, over the same among ten thousand members.

Both portals are made by `bench.population` in one server, each in a database of its own, and measured in turns, so that a busy
machine counts for both. `BENCH_MANY` and `BENCH_FEW` say how many members (100000 is quick), `BENCH_ROUNDS` how often each
thing is done, `BENCH_ONLY` which (a word that their names begin with). A search says how many members it `found`: the small
portal's have as many namesakes as the large one's (`BENCH_NAMESAKES`, fifty; 0 leaves them as few as they are), so that a list
of one is not compared with a list of fifty.
"""

import gc
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests import postgresql

FEW = int(os.environ.get("BENCH_FEW", "10000"))
MANY = int(os.environ.get("BENCH_MANY", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "50"))  # a turn
TURNS = 4
NAMESAKES = int(os.environ.get("BENCH_NAMESAKES", "50"))  # in the small portal
ONLY = os.environ.get("BENCH_ONLY", "")
WARM = 10
LOADING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'3GB'",
    "jit": "off",
}
Times = dict[str, list[tuple[float, int]]]  # seconds, and how many members were found


def figures() -> Iterator[dict[str, Any]]:
    kept = os.environ.get("BENCH_KEPT")
    place = nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="adherents-bench-desk-")
    with place as name, postgresql.keeping(Path(name) / "postgresql") as database_server:
        server, urls = database_server.address, {}
        for members, namesakes in ((FEW, NAMESAKES), (MANY, 0)):
            start = time.perf_counter()
            urls[members], is_new = _made(server, members, namesakes)
            yield {
                "figure": "population",
                "members": members,
                "documents": members * 5,
                "gigabytes": round(_octets(urls[members]) / 1e9, 2),
                **({"seconds": round(time.perf_counter() - start, 1)} if is_new else {}),
            }
        times: dict[int, Times] = {FEW: {}, MANY: {}}
        for turn in range(TURNS):
            for members, url in urls.items():
                for what, seconds in _measured(url, members, turn).items():
                    times[members].setdefault(what, []).extend(seconds)
        for what, ours in times[MANY].items():
            yield _told(what, ours, times[FEW][what])


def _told(what: str, many: list[tuple[float, int]], few: list[tuple[float, int]]) -> dict[str, Any]:
    ours, baseline = [one[0] for one in many], [measure[0] for measure in few]
    line = {
        "figure": "desk",
        "what": what,
        "members": MANY,
        "ratio": round(median(ours) / median(baseline), 2),
        "p95_ratio": round(_p95(ours) / _p95(baseline), 2),
        "bar": 1.5,
        "ours_ms": round(median(ours) * 1000, 2),
        "ours_p95_ms": round(_p95(ours) * 1000, 2),
        "baseline_ms": round(median(baseline) * 1000, 2),
        "baseline_p95_ms": round(_p95(baseline) * 1000, 2),
        "baseline": f"the same among {FEW} members" + (f" with {NAMESAKES} namesakes" if NAMESAKES else ""),
        "rounds": len(ours),
    }
    if what.endswith("the query"):
        line |= {
            "found": median(one[1] for one in many),
            "baseline_found": median(measure[1] for measure in few),
        }
    return line | ({"p95_bar_ms": 50} if what.startswith("search") else {})


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def _made(server: str, members: int, namesakes: int) -> tuple[str, bool]:
    """The address of a database with `members` members, and whether it was made just now. No setting of PostgreSQL's own stays
    changed."""
    import psycopg

    name = f"desk_{members}_{namesakes}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _python("django", url, "migrate", "--verbosity", "0")
            return url, False
        connection.execute(f"CREATE DATABASE {name}")
        for setting, value in LOADING.items():
            connection.execute(f"ALTER SYSTEM SET {setting} = {value}")
        connection.execute("SELECT pg_reload_conf()")
        _python("bench.population", url, str(members), str(namesakes))
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")
    return url, True


def _octets(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row
    return int(row[0])


def _measured(url: str, members: int, turn: int) -> Times:
    """In a process of its own, as a web server is."""
    namesakes = NAMESAKES if members == FEW else 0
    output = _python("bench.desk", url, *map(str, (members, namesakes, turn)))
    return json.loads(output.splitlines()[-1])  # type: ignore[no-any-return]


def _python(module: str, url: str, *arguments: str) -> str:
    environment = os.environ | {
        "ADHERENTS_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def _typed(draw: random.Random, members: int, namesakes: int) -> dict[str, Callable[[], str]]:
    """What an agent types to find somebody, by kind."""
    from bench import population

    def somebody() -> Any:
        return population.person(1 + draw.randrange(members), members, namesakes)

    def first_of(person: Any) -> str:
        return str(person.prenoms.split(",")[0])

    return {
        "number": lambda: somebody().numero_adherent,
        "number prefix": lambda: somebody().numero_adherent[:6],
        "first name and name": lambda: _in_order(somebody(), first_of, last=True),
        "name and first name": lambda: _in_order(somebody(), first_of, last=False),
        "name": lambda: somebody().nom_naissance,
        "first letters": lambda: somebody().nom_naissance[:3],
        "birth date": lambda: somebody().date_naissance,
        "birth date and name": lambda: "{0.date_naissance} {0.nom_naissance}".format(somebody()),
        "e-mail": lambda: _reachable(somebody).email,
        "NIR": lambda: somebody().nir,
        "telephone": lambda: _called(somebody),
        "first name": lambda: first_of(somebody()),
        "name and year": lambda: f"{(person := somebody()).nom_naissance} {person.date_naissance[-4:]}",
        "title and name": lambda: f"Mme {somebody().nom_naissance}",
        "beneficiary": lambda: f"Lou {somebody().nom_naissance}",
        "near spelling": lambda: _misspelt(draw, somebody().nom_naissance),
        "near spelling and first name": lambda: " ".join(
            (first_of(person := somebody()), _misspelt(draw, person.nom_naissance))
        ),
        "near spelling and year": lambda: " ".join(
            (_misspelt(draw, (person := somebody()).nom_naissance), person.date_naissance[-4:])
        ),
        "receipt number": lambda: f"D-{2024 + (rank := 1 + draw.randrange(members * 2)) % 3}-{rank:08d}",
    }


def _measure(members: int, namesakes: int, turn: int) -> Times:
    from django.db import connection
    from django.test import Client
    from tests.agents import make_agent, signed_in

    from adherents.accounts.models import Account, Role
    from adherents.casework.models import Item
    from adherents.casework.services import queue
    from adherents.members.selectors import find

    draw = random.Random(2026 + turn)
    typed = _typed(draw, members, namesakes)
    agents: dict[Role, Account] = {
        role: make_agent(role, address=f"{role.value}.{time.time_ns()}@mese.example")  # one a turn
        for role in (Role.ADVISER, Role.SUPERVISOR)
    }
    adviser, supervisor = signed_in(agents[Role.ADVISER]), signed_in(agents[Role.SUPERVISOR])
    times: Times = {}

    def measure(what: str, prepare: Callable[[], Any], work: Callable[[Any], Any]) -> None:
        if not what.startswith(ONLY):
            return
        gc.collect()
        times[what] = []
        for number in range(WARM + ROUNDS):
            given = prepare()
            start = time.perf_counter()
            done = work(given)
            if number >= WARM:
                times[what].append((time.perf_counter() - start, done if isinstance(done, int) else 0))

    def page(client: Client, address: str, wanted: int = 200) -> None:
        response = client.get(address)
        assert response.status_code == wanted, (address, response.status_code)

    def search(text: str) -> None:
        """What answers the box: the list, or the way to the one that was found. Names have an address that is asked instead."""
        ask = adviser.post if re.search(r"[\d@]", text) else adviser.get
        response = ask("/gestion/adherents/", {"q": text})
        assert response.status_code in {200, 302}, response.status_code

    def put_last() -> None:
        """What the agent has in hand goes to the end of the queue, so that each « suivant » gives another."""
        agent = agents[Role.ADVISER]
        while item := Item.objects.in_hand_of(agent).first():
            for given in queue.give_back(agent=agent, item=item):  # its whole sending
                Item.objects.filter(pk=given.pk).update(due_on=given.due_on + timedelta(days=90))

    def following(_: object) -> str:
        response = adviser.post("/gestion/suivant/")
        assert response.status_code == 302, response.status_code
        return str(response.url)  # type: ignore[attr-defined]

    def next_page() -> str:
        put_last()
        address = following(None)
        assert "/traiter/" in address, address
        return address

    connection.ensure_connection()
    for kind, text in typed.items():
        measure(f"search by {kind}, the query", text, lambda given: len(find(given)))
        measure(f"search by {kind}, the request", text, search)
    ranks = iter(draw.sample(range(1, members + 1), min(members, 500)))
    measure("the desk's first page", lambda: "/gestion/", lambda address: page(adviser, address))
    measure("suivant", put_last, following)
    measure("suivant, the page that it opens", next_page, lambda address: page(adviser, address))
    measure(
        "a member's page",
        lambda: f"/gestion/adherents/{next(ranks)}/",
        lambda address: page(adviser, address),
    )
    for period in ("", "?weeks=52"):
        measure(
            "figures" + (", a year" if period else ""),
            lambda given=period: f"/gestion/chiffres/{given}",
            lambda address: page(supervisor, address),
        )
    put_last()  # the next turn's agent finds all that waits
    return times


def _in_order(person: Any, first_of: Callable[[Any], str], *, last: bool) -> str:
    names = [first_of(person), person.nom_naissance]
    return " ".join(names if last else reversed(names))


def _called(somebody: Callable[[], Any]) -> str:
    """As people write a telephone number, and not as the file has it."""
    person = next(person for _ in count() if (person := somebody()).telephone)
    digits = person.telephone
    return " ".join(digits[place : place + 2] for place in range(0, len(digits), 2))


def _misspelt(draw: random.Random, name: str) -> str:
    """A vowel is another one, or a letter is there twice: nobody is called so."""
    vowels = [place for place, letter in enumerate(name) if place and letter in "aeiou"]
    if not vowels:
        return f"{name[:-1]}{name[-1]}{name[-1]}h"
    place = draw.choice(vowels)
    return name[:place] + draw.choice("aeiou".replace(name[place], "")) + name[place + 1 :]


def _reachable(somebody: Callable[[], Any]) -> Any:
    return next(person for _ in count() if (person := somebody()).email)


def _main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adherents.config.settings")
    django.setup()
    print(json.dumps(_measure(*map(int, sys.argv[1:]))))


if __name__ == "__main__":
    _main()
