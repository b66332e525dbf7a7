"""`docs/capacity.md`: its machines are what its own tables give."""

import re
import subprocess
import sys

import psutil
import pytest
from bench.machines import PAGE, Cost, costs_of, load_of, need, with_figures, with_machines
from bench.processor import Meter, tree

LOAD = {
    "sign_ins_day": 0.1, "deposits_day": 0.01, "peak_hour": 0.1, "burst": 1, "pages": 10, "files": 2, "file_mb": 2,
    "phone_kb_s": 100,
    "slow_share": 0.5, "slow_kb_s": 10, "mails_sign_in": 0.5, "decisions_agent_day": 150, "desk_hours": 10, "held_a_process": 200,
    "used_at_most": 0.5,
}  # fmt: skip
COSTS = {
    "sign_in": Cost(30, 5, 0), "page": Cost(10, 2, 0), "file": Cost(20, 5, 0), "deposit": Cost(40, 10, 0), "mail": Cost(0, 2, 10),
    "drawing": Cost(0, 5, 500), "decision": Cost(50, 0, 0),
}  # fmt: skip


def test_the_page_holds_what_its_tables_give() -> None:
    text = PAGE.read_text()
    assert with_machines(text) == text, "run: python -m bench.machines"
    assert "| 10,000 | 1,000,000 | 4,000,000 |" in text


def test_each_cost_of_the_page_was_measured() -> None:
    costs = costs_of(PAGE.read_text())
    assert costs.keys() == COSTS.keys()
    for key, cost in costs.items():
        assert cost.web + cost.worker > 0, key
        assert cost.database > 0 or key == "decision", key
    assert load_of(PAGE.read_text()).keys() == LOAD.keys()


def test_a_million_members_by_hand() -> None:
    """A tenth of the day in an hour: 100,000 sign-ins make 2.78 a second, 10,000 deposits 0.278."""
    found = need(1_000_000, LOAD, COSTS)
    assert found.sign_ins == pytest.approx(2.778, abs=0.001)
    assert found.pages == pytest.approx(27.78, abs=0.01)
    assert found.deposits == pytest.approx(0.2778, abs=0.0001)
    # Files of 2 MB: 20 seconds at 100 kB/s, 200 at 10 kB/s, 110 on average.
    assert found.held == pytest.approx(0.5556 * 110, abs=0.1)
    assert found.agents == 134  # 20,000 documents, 150 each
    assert found.decisions == pytest.approx(20_000 / 36_000, abs=0.001)
    assert found.mails == pytest.approx(1.389 + 0.2778 + 0.5556, abs=0.001)
    web = 2.778 * 0.030 + 27.78 * 0.010 + 0.5556 * 0.020 + 0.2778 * 0.040 + 0.5556 * 0.050
    assert found.web_cores == pytest.approx(web, abs=0.001)
    assert found.worker_cores == pytest.approx(2.222 * 0.010 + 0.5556 * 0.5, abs=0.001)
    assert (found.web_machines, found.worker_machines, found.database_machine_cores) == (1, 1, 2)


def test_more_phones_than_processes_hold_make_more_machines() -> None:
    found = need(1_000_000, LOAD | {"slow_kb_s": 1}, COSTS)
    assert found.held > 500
    assert found.web_machines == 2


def test_measured_figures_are_written_where_they_belong() -> None:
    figures = [
        {"figure": "sign-in", "web_ms": 31.5, "database_ms": 4.25, "cache_ms": 0.1},
        {"figure": "page", "page": "home", "web_ms": 9, "database_ms": 1},
        {"figure": "page", "page": "documents", "web_ms": 99, "database_ms": 99},
        {"figure": "mails", "worker_ms": 8, "database_ms": 2},
        {"figure": "drawing", "pages": 10, "worker_ms": 900, "database_ms": 9},
    ]
    text = with_figures(PAGE.read_text(), figures)
    costs = costs_of(text)
    assert costs["sign_in"] == Cost(31.5, 4.25, 0)
    assert costs["page"] == Cost(9, 1, 0)
    assert costs["mail"] == Cost(0, 2, 8)
    assert costs["drawing"].worker != 900
    assert re.search(r"^\| `sign_in` \| [^|]+ \| 31.5 \| 4.25 \| – \| `BENCH_ONLY", text, re.MULTILINE)


def test_seconds_of_a_child_that_ended_are_still_counted() -> None:
    """The load is made elsewhere: only the processes of the part are counted, and those that they started."""
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    script = f"import subprocess, sys; input(); subprocess.run([sys.executable, '-c', {burn!r}]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as part:
        assert part.stdin is not None
        assert part.stdout is not None
        meter = Meter({"part": lambda: tree(part.pid), "none": lambda: []})
        with meter.running():
            part.stdin.write("\n")
            part.stdin.flush()
            part.stdout.readline()
        assert psutil.Process(part.pid).children() == []
        part.communicate("\n")
    assert meter.seconds["part"] >= 0.3
    assert meter.each(10)["part_ms"] == pytest.approx(meter.seconds["part"] * 100, abs=0.01)
    assert meter.seconds["none"] == 0
