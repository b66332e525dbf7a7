"""Run every bench, or those named: `python -m bench [sign_in register vault durable drawing library pages desk api batch load`
`phone keyboard reading journal messages duplicates]`. `size` runs by its name only.

Each has a database and a folder of its own, done away with afterwards. `BENCH_KEPT` names a folder that stays, so that what was
made in minutes is measured again in seconds (`desk`).
"""

import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

BENCHES = [
    "sign_in",
    "pages",
    "vault",
    "durable",
    "drawing",
    "library",
    "desk",
    "register",
    "api",
    "batch",
    "load",
    "phone",
    "keyboard",
    "reading",
    "journal",
    "messages",
    "duplicates",
]


def main() -> None:
    for name in sys.argv[1:] or BENCHES:
        kept = os.environ.get("BENCH_KEPT")
        with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="adherents-bench-") as folder:
            environment = os.environ | {
                "ADHERENTS_DATA_DIR": folder,
                "ADHERENTS_BASE_URL": "http://testserver",
                "ADHERENTS_LOG_LEVEL": "WARNING",
                "BENCH": name,
            }
            subprocess.run([sys.executable, "-m", "bench.run"], check=True, env=environment, cwd=Path.cwd())


if __name__ == "__main__":
    main()
