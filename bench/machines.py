"""How many machines a number of members needs: computed from the tables « Load » and « Costs » of `docs/capacity.md`.

`python -m bench.machines [FIGURES]` writes the table « Machines » of that page anew. With FIGURES, the lines that
`python -m bench load` printed, the costs are written first:
`python -m bench load > figures.jsonl && python -m bench.machines figures.jsonl`.
"""

import json
import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "capacity.md"
SIZES = (10_000, 1_000_000, 4_000_000)
CORES = 2  # of a machine
WEB_PROCESSES = 2  # on a machine
BEGIN, END = "<!-- python -m bench.machines -->", "<!-- end -->"
Load = dict[str, float]


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a core for one act, in each part."""

    web: float
    database: float
    worker: float


Costs = dict[str, Cost]


@dataclass(frozen=True)
class Need:
    """What the busiest minutes ask for: acts a second, connections, cores, machines."""

    members: int
    sign_ins: float
    pages: float
    deposits: float
    held: float
    mails: float
    drawings: float
    decisions: float
    agents: int
    web_cores: float
    database_cores: float
    worker_cores: float
    web_machines: int
    worker_machines: int
    database_machine_cores: int

    @property
    def on_one_machine(self) -> bool:
        """Whether everything, the database too, fits the cores of one machine."""
        return (
            self.web_machines == 1 and self.web_cores + self.database_cores + self.worker_cores <= CORES / 2
        )


def load_of(text: str) -> Load:
    """The table « Load » of the page: each key with its number; « 8 % » is 0.08."""
    return {key: _number(value) for key, _, value, *_ in _rows(text, "Load")}


def costs_of(text: str) -> Costs:
    """The table « Costs »: each key with milliseconds; « – » is none."""
    return {key: Cost(*map(_number, cells[1:4])) for key, *cells in _rows(text, "Costs")}


def need(members: int, load: Load, costs: Costs) -> Need:
    """The arithmetic of the page, for this number of members."""
    a_second = load["peak_hour"] * load["burst"] / 3600
    sign_ins = members * load["sign_ins_day"] * a_second
    deposits = members * load["deposits_day"] * a_second
    pages = sign_ins * load["pages"]
    files = deposits * load["files"]
    megabyte_seconds = (1 - load["slow_share"]) * 1000 / load["phone_kb_s"] + load[
        "slow_share"
    ] * 1000 / load["slow_kb_s"]
    held = files * load["file_mb"] * megabyte_seconds
    documents_day = members * load["deposits_day"] * load["files"]
    agents = ceil(documents_day / load["decisions_agent_day"])
    decisions = documents_day / (load["desk_hours"] * 3600)
    mails = sign_ins * load["mails_sign_in"] + deposits + decisions
    acts = {
        "sign_in": sign_ins, "page": pages, "deposit": deposits, "file": files, "mail": mails, "drawing": files,
        "decision": decisions,
    }  # fmt: skip
    web, database, worker = (
        sum(acts[name] * getattr(costs[name], part) / 1000 for name in acts)
        for part in ("web", "database", "worker")
    )
    usable = CORES * load["used_at_most"]
    web_machines = max(ceil(web / usable), ceil(held / (WEB_PROCESSES * load["held_a_process"])), 1)
    return Need(
        members=members,
        sign_ins=sign_ins,
        pages=pages,
        deposits=deposits,
        held=held,
        mails=mails,
        drawings=files,
        decisions=decisions,
        agents=agents,
        web_cores=web,
        database_cores=database,
        worker_cores=worker,
        web_machines=web_machines,
        worker_machines=max(ceil(worker / usable), 1),
        database_machine_cores=max(CORES, ceil(database / load["used_at_most"])),
    )


def table(load: Load, costs: Costs) -> str:
    """The table « Machines », in Markdown."""
    needs = [need(members, load, costs) for members in SIZES]
    lines = {
        "Members": [f"{one.members:,}" for one in needs],
        "Sign-ins a second": [f"{_shown(one.sign_ins)}" for one in needs],
        "Pages a second": [f"{_shown(one.pages)}" for one in needs],
        "Deposits a second": [f"{_shown(one.deposits)}" for one in needs],
        "Connections held by phones": [f"{ceil(one.held)}" for one in needs],
        "Mails a second": [f"{_shown(one.mails)}" for one in needs],
        "Documents drawn a second": [f"{_shown(one.drawings)}" for one in needs],
        "Agents at work, decisions a second": [f"{one.agents}, {_shown(one.decisions)}" for one in needs],
        "Cores busy: web, database, workers": [
            f"{one.web_cores:.2f}, {one.database_cores:.2f}, {one.worker_cores:.2f}" for one in needs
        ],
        "**Web machines** (and one spare)": [_machines(one, one.web_machines) for one in needs],
        "**Worker machines** (and one spare)": [_machines(one, one.worker_machines) for one in needs],
        "**Database**": [
            "SQLite, on it" if one.on_one_machine else f"{one.database_machine_cores} cores, and a standby"
            for one in needs
        ],
        "**Valkey, nginx, S3**": [
            "nginx, a folder" if one.on_one_machine else "shared by all, two of each" for one in needs
        ],
    }
    rows = [f"| {what} | {' | '.join(cells)} |" for what, cells in lines.items()]
    return "\n".join([rows[0], f"|---|{'---|' * len(SIZES)}", *rows[1:]])


def with_figures(text: str, figures: list[dict[str, Any]]) -> str:
    """The page with the costs that `python -m bench load` measured."""
    for key, (web, database, worker) in _measured(figures).items():
        cells = " | ".join(f"{value:g}" if value else "–" for value in (web, database, worker))
        text, changed = re.subn(
            rf"(?m)^(\| `{key}` \| [^|]+ \| )[^|]+ \| [^|]+ \| [^|]+( \|)", rf"\g<1>{cells}\g<2>", text
        )
        assert changed == 1, key
    return text


def with_machines(text: str) -> str:
    """The page with its last table computed from the others."""
    made = f"{BEGIN}\n\n{table(load_of(text), costs_of(text))}\n\n{END}"
    return re.sub(re.escape(BEGIN) + r".*?" + re.escape(END), lambda _: made, text, flags=re.DOTALL)


def _measured(figures: list[dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for line in figures:
        name = line["figure"]
        if name in {"sign-in", "deposit", "file"} or (name == "page" and line["page"] == "home"):
            found[name.replace("-", "_")] = (line["web_ms"], line["database_ms"], 0)
        elif name == "mails":
            found["mail"] = (0, line["database_ms"], line["worker_ms"])
        elif name == "drawing" and line["pages"] == 1:
            found["drawing"] = (0, line["database_ms"], line["worker_ms"])
        elif name == "decision":
            found["decision"] = (line["web_and_database_ms"], 0, 0)
    return found


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of a table's lines whose first one is a key in code."""
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    return [[row[0].strip("`"), *row[1:]] for row in rows]


def _number(cell: str) -> float:
    if cell == "–":
        return 0.0
    return float(cell.removesuffix("%")) / 100 if cell.endswith("%") else float(cell)


def _shown(a_second: float) -> str:
    """Two figures that mean something: 0.067, 6.7, 210."""
    return f"{a_second:.0f}" if a_second >= 10 else f"{a_second:.2g}"


def _machines(one: Need, count: int) -> str:
    return "1, all on it" if one.on_one_machine else f"{count} + 1"


def main() -> None:
    text = PAGE.read_text()
    if len(sys.argv) > 1:
        lines = Path(sys.argv[1]).read_text().splitlines()
        text = with_figures(text, [json.loads(line) for line in lines if line.startswith("{")])
    PAGE.write_text(with_machines(text))


if __name__ == "__main__":
    main()
